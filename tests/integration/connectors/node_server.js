// A plant's server by node-opcua, told what to be by one JSON argument:
//   port, tags, period (ms), history (values kept of each tag), users ({name: password}; empty: anybody), pki (folder).
// It has `tags` numbers ns=2;s=T<n>, written together every `period`, each write told on a line of the output, and one
// node of every other type under ns=2;s=<name of the type>. It ends with its input.
const { OPCUAServer } = require("node-opcua-server");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");
const { StatusCodes } = require("node-opcua-status-code");
const { DataType, VariantArrayType } = require("node-opcua-variant");

const config = JSON.parse(process.argv[2]);

const OF_ITS_TYPE = {
  Boolean: true,
  SByte: -5,
  Byte: 250,
  Int16: -30000,
  UInt16: 60000,
  Int32: -2000000000,
  UInt32: 4000000000,
  Int64: [0xffffffff, 0xfffffff6], // -10, as [high, low]
  UInt64: [1, 0], // 2^32
  Float: 0.5,
  String: "running",
};

function addTag(space, own, index) {
  const node = own.addVariable({
    organizedBy: space.rootFolder.objects,
    browseName: `T${index}`,
    nodeId: `s=T${index}`,
    dataType: "Double",
    minimumSamplingInterval: 0,
  });
  if (config.history) {
    space.installHistoricalDataNode(node, { maxOnlineValues: config.history });
  }
  return node;
}

function addOthers(space, own) {
  const add = (name, value, status) => {
    const node = own.addVariable({
      organizedBy: space.rootFolder.objects,
      browseName: name,
      nodeId: `s=${name}`,
      dataType: DataType[value.dataType],
      valueRank: value.arrayType === VariantArrayType.Array ? 1 : -1,
    });
    node.setValueFromSource({ arrayType: VariantArrayType.Scalar, ...value }, status, new Date());
  };
  for (const [name, value] of Object.entries(OF_ITS_TYPE)) {
    add(name, { dataType: DataType[name], value }, StatusCodes.Good);
  }
  add("Enumeration", { dataType: DataType.Int32, value: 2 }, StatusCodes.Good);
  add("Array", { dataType: DataType.Double, arrayType: VariantArrayType.Array, value: [1, 2] }, StatusCodes.Good);
  add("Uncertain", { dataType: DataType.Double, value: 1.5 }, StatusCodes.UncertainSensorNotAccurate);
  add("Bad", { dataType: DataType.Double, value: 2.5 }, StatusCodes.BadSensorFailure);
}

function tell(what) {
  process.stdout.write(JSON.stringify(what) + "\n");
}

async function main() {
  const users = config.users || {};
  const named = Object.keys(users).length > 0;
  const server = new OPCUAServer({
    port: config.port,
    hostname: "127.0.0.1",
    allowAnonymous: !named,
    userManager: { isValidUser: (name, password) => users[name] === password },
    serverCertificateManager: new OPCUACertificateManager({
      automaticallyAcceptUnknownCertificate: true,
      rootFolder: config.pki,
    }),
  });
  await server.initialize();
  const space = server.engine.addressSpace;
  const own = space.registerNamespace("urn:test:field");
  const nodes = Array.from({ length: config.tags }, (_, index) => addTag(space, own, index));
  addOthers(space, own);
  let k = 0;
  const write = () => {
    k += 1;
    const now = new Date();
    nodes.forEach((node, i) => {
      node.setValueFromSource({ dataType: DataType.Double, value: k * 10000 + i }, StatusCodes.Good, now);
    });
    tell({ t: now.getTime(), k });
  };
  write();
  await server.start();
  tell({ up: true });
  setInterval(write, config.period);
  process.stdin.on("end", () => process.exit(0));
  process.stdin.resume();
}

main().catch((error) => {
  process.stderr.write(String(error.stack) + "\n");
  process.exit(1);
});
