// A sandbox of kagemusha for a test. It needs nothing but Node 20: copy it.

const SERVER = process.env.KAGEMUSHA_URL ?? "http://127.0.0.1:8765";
const TOKEN = process.env.KAGEMUSHA_ADMIN_TOKEN;

// What the control API answers, null for none.
async function sim(method, path, body) {
  const headers = { "Content-Type": "application/json", ...(TOKEN && { Authorization: `Bearer ${TOKEN}` }) };
  let answer;
  try {
    answer = await fetch(`${SERVER}/_sim/sandboxes${path}`, { method, headers, body: body && JSON.stringify(body) });
  } catch {
    throw new Error(`No kagemusha answers at ${SERVER}: start "kagemusha serve --ephemeral", or set KAGEMUSHA_URL.`);
  }
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text === "" ? null : JSON.parse(text);
}

export class Sandbox {
  // A world of its own, on a clock that moves only when told, for as long as the test `t` runs.
  static async for(t, asked = {}) {
    const sandbox = new Sandbox(await sim("POST", "", { clock: "manual", seed: 7, now: "2030-01-01T00:00:00Z", ...asked }));
    t.after(() => sandbox.sim("DELETE", ""));
    return sandbox;
  }

  constructor({ name, env }) {
    this.name = name;
    this.env = env; // What points a process at this sandbox: HEROKU_API_URL, HEROKU_API_KEY, AWS_ENDPOINT_URL …
  }

  // The control API about this sandbox: sim("GET", "/pending").
  sim(method, path, body) {
    return sim(method, `/${this.name}${path}`, body);
  }

  // Everything due within so many seconds has happened when it returns.
  advance(seconds) {
    return this.sim("POST", "/clock/advance", { seconds });
  }

  // Moves time until nothing is to come that isn't held.
  untilIdle() {
    return this.sim("POST", "/clock/advance", { until: "idle" });
  }

  // Orders trouble; returns the fault's id.
  async fault(order) {
    return (await this.sim("POST", "/faults", order)).id;
  }

  // What happened: all entries of a kind ("request", "fault" or "transition"), oldest first.
  async journal(kind) {
    return (await this.sim("GET", `/journal?kind=${kind}&limit=1000`)).entries;
  }

  // A request of a client of Heroku's that must succeed.
  async heroku(method, path, body) {
    const answer = await fetch(`${this.env.HEROKU_API_URL}${path}`, {
      method,
      headers: {
        Accept: "application/vnd.heroku+json; version=3",
        Authorization: `Bearer ${this.env.HEROKU_API_KEY}`,
        "Content-Type": "application/json",
      },
      body: body && JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}
