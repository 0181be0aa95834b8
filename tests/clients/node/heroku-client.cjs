// The calls of heroku-client's own README and some more, against HEROKU_URL: prints what each came to, as JSON.
"use strict";

const Heroku = require("heroku-client");

const heroku = new Heroku({ token: process.env.HEROKU_API_KEY, host: process.env.HEROKU_URL });

async function refusal(call) {
  try {
    await call;
    return null;
  } catch (error) {
    return { status: error.statusCode, body: error.body };
  }
}

async function main() {
  const said = {};
  said.account = (await heroku.get("/account")).email;
  said.app = (await heroku.post("/apps", { body: { name: "tern", region: "eu" } })).name;
  said.config = await heroku.patch("/apps/tern/config-vars", { body: { A: "1", B: "2" } });
  said.addon = await heroku.post("/apps/tern/addons", { body: { plan: "heroku-redis:premium-0", name: "redis-mine" } });
  said.renamed = await heroku.patch("/apps/tern/addons/redis-mine", { body: { name: "redis-ours" } });
  said.buildpacks = await heroku.put("/apps/tern/buildpack-installations", {
    body: { updates: [{ buildpack: "heroku/ruby" }] },
  });
  said.releases = (await heroku.get("/apps/tern/releases")).map((each) => each.version);
  said.config_of_release = await heroku.get("/apps/tern/releases/3/config-vars");
  // More than one answer holds: it follows Next-Range by itself.
  said.apps = (await heroku.get("/apps")).length;
  said.missing = await refusal(heroku.get("/apps/none"));
  said.taken = await refusal(heroku.post("/apps", { body: { name: "tern" } }));
  said.gone = (await heroku.delete("/apps/tern")).name;
  said.left = await refusal(heroku.get("/apps/tern"));
  process.stdout.write(JSON.stringify(said));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
