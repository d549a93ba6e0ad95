// Prints the schemas of the types of resources that its arguments name, as JSON:
//   {"resources": {TYPE: PROPERTIES}, "definitions": {ID: PROPERTIES}}
// PROPERTIES are {NAME: {"required": BOOL, "types": [TYPE...]}}, as the package has them, with the
// ID of a definition in place of a reference. A type that it does not know is left out.
const { loadAwsServiceSpec } = require('@aws-cdk/aws-service-spec');

async function main(types) {
  const db = await loadAwsServiceSpec();
  const out = { resources: {}, definitions: {} };
  const properties = (entity) => {
    const all = {};
    for (const [name, p] of Object.entries(entity.properties)) {
      all[name] = { required: p.required ?? false, types: [p.type, ...(p.previousTypes ?? [])].map(type) };
    }
    return all;
  };
  const type = (t) => {
    switch (t.type) {
      case 'array': case 'map': return { ...t, element: type(t.element) };
      case 'union': return { ...t, types: t.types.map(type) };
      case 'ref': return { type: 'ref', id: define(t.reference.$ref) };
    }
    return t;
  };
  const define = (id) => {
    if (!(id in out.definitions)) {
      out.definitions[id] = {}; // definitions may contain themselves
      out.definitions[id] = properties(db.get('typeDefinition', id));
    }
    return id;
  };
  for (const name of types) {
    for (const resource of db.lookup('resource', 'cloudFormationType', 'equals', name)) {
      out.resources[name] = properties(resource);
    }
  }
  process.stdout.write(JSON.stringify(out));
}

main(process.argv.slice(2)).catch((err) => { console.error(err); process.exit(1); });
