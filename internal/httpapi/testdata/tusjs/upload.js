// Uploads with tus-js-client as an application would, and prints what happened
// as one JSON object. What to do comes as JSON on stdin.
const fs = require("node:fs");
const path = require("node:path");
const tus = require("tus-js-client");

const ask = JSON.parse(fs.readFileSync(0, "utf8"));
const headers = { Authorization: `Bearer ${ask.token}` };

// run starts an upload of a file and ends with its outcome: "done", "aborted"
// (by stopAt, bytes), or the status that refused it.
function run(file, options, stopAt, terminate) {
  return new Promise((resolve) => {
    const sent = [];
    let expires = true; // every answer to an unfinished upload said when it will
    const upload = new tus.Upload(file, {
      endpoint: ask.endpoint,
      headers,
      retryDelays: null,
      onBeforeRequest: (req) => sent.push(`${req.getMethod()} ${req.getHeader("Upload-Offset") ?? ""}`.trim()),
      onAfterResponse: (_, res) => {
        const finished = res.getHeader("Photos-Id");
        if (res.getStatus() < 300 && !finished && !(Date.parse(res.getHeader("Upload-Expires")) > Date.now())) expires = false;
      },
      onSuccess: () => resolve({ outcome: "done", url: upload.url, sent, expires }),
      onError: (err) => resolve({ outcome: String(err.originalResponse?.getStatus() ?? err.message), url: upload.url, sent }),
      onChunkComplete: async (size, accepted) => {
        if (stopAt && accepted >= stopAt) {
          await upload.abort(terminate);
          resolve({ outcome: "aborted", url: upload.url, sent });
        }
      },
      ...options,
    });
    if (options.urlStorage) {
      upload.findPreviousUploads().then((found) => {
        if (found.length > 0) upload.resumeFromPreviousUpload(found[0]);
        upload.start();
      });
    } else {
      upload.start();
    }
  });
}

async function main() {
  const bytes = fs.readFileSync(ask.file);
  const chunkSize = ask.chunk;
  const metadata = { filename: path.basename(ask.file), description: "by tus-js-client" };
  const urlStorage = new tus.FileUrlStorage(ask.storage);
  const stored = { chunkSize, metadata, urlStorage, fingerprint: async () => "one", removeFingerprintOnSuccess: true };

  const out = {};
  out.paused = await run(bytes, stored, 2 * chunkSize);
  out.resumed = await run(bytes, stored);
  // The answer to the creation says that no byte is wanted, which this client finds out by a conflict.
  out.again = await run(bytes, { chunkSize, retryDelays: [0], metadata: { ...metadata, sha256: ask.sha256 } });
  out.stream = await run(fs.createReadStream(ask.other), { chunkSize, uploadSize: fs.statSync(ask.other).size, metadata: { filename: "other.jpg" } });
  out.atOnce = await run(fs.readFileSync(ask.small), { uploadDataDuringCreation: true, metadata: { filename: "small.jpg" } });
  const twin = { chunkSize, metadata: { filename: "twin.jpg", sha256: ask.twinSHA256 } };
  [out.twin1, out.twin2] = await Promise.all([1, 2].map(() => run(fs.readFileSync(ask.twin), twin)));
  const longer = Buffer.concat([bytes, Buffer.from([0])]);
  out.terminated = await run(longer, { chunkSize, metadata }, chunkSize, true);
  out.gone = await run(longer, { chunkSize, uploadUrl: out.terminated.url, endpoint: null });
  const skips = (req) => req.getMethod() === "PATCH" && req.setHeader("Upload-Offset", "1");
  out.offset = await run(longer, { chunkSize, onBeforeRequest: skips });
  await tus.Upload.terminate(out.offset.url, { headers, retryDelays: null });
  out.parallel = await run(bytes, { parallelUploads: 2 });
  out.deferred = await run(fs.createReadStream(ask.other), { chunkSize, uploadLengthDeferred: true });
  out.stranger = await run(bytes, { headers: { Authorization: "Bearer" } });
  out.text = await run(Buffer.from("no picture ".repeat(1000)), {});
  console.log(JSON.stringify(out));
}

main();
