// The program under test: it gives an add-on a privatelink and waits for it, whatever happens on the way.

const PAUSE = 60; // seconds
const PATIENCE = 30 * 60;
const TRANSIENT = [429, 503];

// The service name of the add-on's privatelink, once it is operational. `sleep` takes seconds.
// `api` is {url, key}; Heroku's own url is https://api.data.heroku.com.
export async function connect(api, addon, account, sleep) {
  for (let waited = 0; waited <= PATIENCE; waited += PAUSE) {
    const link = await look(api, addon, account);
    if (link?.status === "Operational") return link.service_name;
    await sleep(PAUSE);
  }
  throw new Error(`The privatelink of ${addon} is not operational after ${PATIENCE / 60} minutes.`);
}

// The link, made if it is not there; null if that can't be told now. It looks before it makes one: an answer that
// was lost may have been that of a request that was carried out.
async function look(api, addon, account) {
  const path = `/private-link/v0/databases/${addon}`;
  let answer = await ask(api, "GET", path);
  if (answer?.status === 404) answer = await ask(api, "POST", path, { allowed_accounts: [account] });
  if (answer === null || TRANSIENT.includes(answer.status)) return null;
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.message);
  return said;
}

// null if no answer comes.
function ask(api, method, path, body) {
  const headers = { Authorization: `Bearer ${api.key}`, "Content-Type": "application/json" };
  return fetch(`${api.url}${path}`, { method, headers, body: body && JSON.stringify(body) }).catch(() => null);
}
