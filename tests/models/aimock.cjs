// aimock on the port that is given, with an answer for each message of the tests.
const path = require("path");
const { LLMock } = require(path.join(__dirname, "../../.venv-models/node_modules/@copilotkit/aimock"));

const call = (name, args) => ({ name, arguments: JSON.stringify(args) });
const mock = new LLMock({ port: Number(process.argv[2]), chunkSize: 7 });
mock.onMessage("hello", { content: "Grüße, 世界 👋 from the mock." });
mock.onMessage("think", { content: "Yes.", reasoning: "Hm, let me think." });
mock.onMessage("tools", {
  content: "Let me see.",
  toolCalls: [call("read_file", { path: "ü.py" }), call("list_files", {})],
});
mock.onMessage("busy", { error: { message: "Slow down.", type: "rate_limit_error" }, status: 429 });
mock.start();
