// Asks for a PING through URL, verified by the authority in the file CA or, without one, not at all: prints what came.
"use strict";

const { readFileSync } = require("node:fs");
const { Redis } = require("ioredis");

const { URL: url, CA: authority } = process.env;
const tls = authority ? { ca: readFileSync(authority) } : { rejectUnauthorized: false };
// TLS is an option here, whatever the URL's scheme says. Who is refused is not to try again.
const redis = new Redis(url, { tls, retryStrategy: null, maxRetriesPerRequest: 0 });

redis.on("error", (error) => {
  console.log(error.message);
  process.exit(1);
});
redis.ping().then(
  (answer) => {
    console.log(answer);
    redis.disconnect();
  },
  // The event above tells why.
  () => {},
);
