// Uploads large photos with tus-js-client, stops each on the way, and resumes it. What to do
// comes as JSON on stdin; what happened is printed as one JSON object.
const fs = require("node:fs");
const path = require("node:path");
const tus = require("tus-js-client");

const ask = JSON.parse(fs.readFileSync(0, "utf8"));

// run sends a file, or resumes it, and stops after stopAt bytes, if that is given.
function run(file, endpoint, options, stopAt) {
  return new Promise((resolve) => {
    const sent = [];
    let stopped = false;
    const upload = new tus.Upload(fs.readFileSync(file), {
      endpoint,
      headers: { Authorization: `Bearer ${ask.token}` },
      metadata: { filename: path.basename(file) },
      urlStorage: new tus.FileUrlStorage(ask.storage),
      fingerprint: async () => file,
      removeFingerprintOnSuccess: true,
      onBeforeRequest: (req) => sent.push(`${req.getMethod()} ${req.getHeader("Upload-Offset") ?? ""}`.trim()),
      onSuccess: () => resolve({ outcome: "done", url: upload.url, sent }),
      onError: (err) => resolve({ outcome: String(err.originalResponse?.getStatus() ?? err.message), url: upload.url, sent }),
      onProgress: async (bytes) => {
        if (!stopAt || stopped || bytes < stopAt) return;
        stopped = true;
        await upload.abort();
        resolve({ outcome: "aborted", url: upload.url, sent });
      },
      ...options,
    });
    upload.findPreviousUploads().then((found) => {
      if (found.length > 0) upload.resumeFromPreviousUpload(found[0]);
      upload.start();
    });
  });
}

async function main() {
  const out = {};
  out.onePaused = await run(ask.one, ask.endpoint, {}, 20_000_000);
  out.oneResumed = await run(ask.one, ask.endpoint, {});
  const pieces = { chunkSize: 1 << 20 };
  out.piecesPaused = await run(ask.pieces, ask.proxied, pieces, 4_000_000);
  out.piecesResumed = await run(ask.pieces, ask.proxied, pieces);
  console.log(JSON.stringify(out));
}

main();
