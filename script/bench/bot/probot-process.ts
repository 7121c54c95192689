/** Raw Probot with a handler that does nothing: what a bot costs at least that keeps nothing. Tells its address as Belay's bot does. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Probot } from "probot";

const { APP_ID = "", PRIVATE_KEY = "", WEBHOOK_SECRET = "", GITHUB_API_URL = "" } = process.env;
const probot = new Probot({
  appId: Number(APP_ID),
  privateKey: PRIVATE_KEY,
  secret: WEBHOOK_SECRET,
  baseUrl: GITHUB_API_URL,
});
await probot.ready();
probot.onAny(() => undefined);
const middleware = await probot.getNodeMiddleware({ path: "/api/github/webhooks" });
const server = createServer(async (request, response) => {
  if (!(await middleware(request, response))) response.writeHead(404).end();
});
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ msg: "listening", url: `http://127.0.0.1:${port}` }));
});
