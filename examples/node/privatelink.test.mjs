import assert from "node:assert/strict";
import test from "node:test";

import { Sandbox } from "./kagemusha.mjs";
import { connect } from "./privatelink.mjs";

const ACCOUNT = "123456789101";
const WORLD = {
  version: 1,
  spaces: [{ name: "harbor" }],
  apps: [{ name: "ferry", space: "harbor" }],
  addons: [{ app: "ferry", plan: "heroku-redis:private-7", name: "redis-ferry" }],
};

// The program, in this sandbox: where it would sleep, the sandbox's clock moves.
function connected(sandbox) {
  const api = { url: sandbox.env.HEROKU_API_URL, key: sandbox.env.HEROKU_API_KEY };
  return connect(api, "redis-ferry", ACCOUNT, (seconds) => sandbox.advance(seconds));
}

// The journal's requests for an operation.
async function requests(sandbox, operation) {
  return (await sandbox.journal("request")).filter((entry) => entry.operation === operation);
}

test("the article ends with the config var", async (t) => {
  const sandbox = await Sandbox.for(t);
  await sandbox.heroku("POST", "/spaces", { name: "harbor", team: "kagemusha" });
  await sandbox.untilIdle();
  await sandbox.heroku("POST", "/teams/apps", { name: "ferry", space: "harbor" });
  await sandbox.heroku("POST", "/apps/ferry/addons", { plan: "heroku-redis:private-7", name: "redis-ferry" });
  await sandbox.untilIdle();

  const service = await connected(sandbox);
  assert.match(service, /^com\.amazonaws\.vpce\.us-east-1\.vpce-svc-[0-9a-f]{17}$/);

  const { endpoint_id } = await sandbox.sim("POST", "/endpoints", {
    service_name: service,
    principal_arn: `arn:aws:iam::${ACCOUNT}:user/abc.xyz`,
  });
  await sandbox.untilIdle();
  const variable = `REDIS_ENDPOINT_${endpoint_id.replace("vpce-", "").toUpperCase()}_URL`;
  const config = await sandbox.heroku("GET", "/apps/ferry/config-vars");
  assert.deepEqual(Object.keys(config).sort(), [variable, "REDIS_URL"]);
  assert.match(config[variable], /^redis:\/\/h:p[0-9a-f]{64}@vpce-.*\.vpce\.amazonaws\.com:6379$/);
});

test("a held link is given up and comes later", async (t) => {
  const sandbox = await Sandbox.for(t, { scenario: WORLD });
  const fault = await sandbox.fault({ stage: "privatelink.provisioning", effect: { hold: true } });
  await assert.rejects(connected(sandbox), /not operational after 30 minutes/);
  assert.equal((await sandbox.sim("GET", "/pending")).pending[0].held, true);

  await sandbox.sim("DELETE", `/faults/${fault}`);
  assert.match(await connected(sandbox), /vpce-svc-/);
});

test("a 503 at first is outlasted", async (t) => {
  const sandbox = await Sandbox.for(t, { scenario: WORLD });
  const fault = await sandbox.fault({ operation: "privatelink.create", effect: { status: 503 }, times: 2 });
  await connected(sandbox);

  const { hits, remaining } = await sandbox.sim("GET", `/faults/${fault}`);
  assert.deepEqual({ hits, remaining }, { hits: 2, remaining: 0 });
  const met = await requests(sandbox, "privatelink.create");
  assert.deepEqual(met.map((entry) => [entry.status, entry.fault]), [[503, fault], [503, fault], [201, undefined]]);
});

test("a rate limit is waited out", async (t) => {
  const sandbox = await Sandbox.for(t, { scenario: WORLD });
  const fault = await sandbox.fault({ operation: "*", effect: { rate_limit: true }, times: 1 });
  await connected(sandbox);

  const [limited, next] = await requests(sandbox, "privatelink.info");
  assert.deepEqual([limited.status, limited.fault, next.status], [429, fault, 404]);
  assert.equal(Date.parse(next.at) - Date.parse(limited.at), 60_000);
});

test("a lost answer makes no second link", async (t) => {
  const sandbox = await Sandbox.for(t, { scenario: WORLD });
  await sandbox.fault({ operation: "privatelink.create", effect: { disconnect: "after" }, times: 1 });
  await connected(sandbox);

  assert.deepEqual((await requests(sandbox, "privatelink.create")).map((entry) => entry.status), [null]);
  assert.deepEqual((await sandbox.journal("fault")).map((entry) => entry.effect), [{ disconnect: "after" }]);
});

test("a sandbox is a world of its own", async (t) => {
  const sandbox = await Sandbox.for(t, { scenario: WORLD });
  const other = await Sandbox.for(t);
  assert.deepEqual((await sandbox.heroku("GET", "/apps")).map((app) => app.name), ["ferry"]);
  assert.deepEqual(await other.heroku("GET", "/apps"), []);
});
