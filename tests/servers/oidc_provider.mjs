// A small OpenID Connect provider for the tests: one client, accounts and groups from the command line, and a login
// page of one field. It is oidc-provider (npm) as it comes; nothing of the gateway is in it.
import Provider from "oidc-provider";

const { port, client, accounts, amr } = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [{ ...client, id_token_signed_response_alg: "RS256", response_types: ["code"], grant_types: ["authorization_code"] }],
  claims: { openid: ["sub", "amr", "preferred_username", "family_name", "groups"] },
  conformIdTokenClaims: false,
  cookies: { keys: ["tests only"] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  async findAccount(_ctx, id) {
    const known = accounts[id];
    return known && { accountId: id, claims: async () => ({ sub: id, ...known }) };
  },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope("openid");
    await grant.save();
    return grant;
  },
});

provider.use(async (ctx, next) => {
  const found = /^\/interaction\/([\w-]+)$/.exec(ctx.path);
  if (!found) return next();
  if (ctx.method === "GET") {
    ctx.type = "html";
    ctx.body = `<!doctype html><html lang="en"><title>Provider</title><form method="post"><label>Account <input name="account" id="account"></label><button>Log in</button></form></html>`;
    return undefined;
  }
  const chunks = [];
  for await (const chunk of ctx.req) chunks.push(chunk);
  const accountId = new URLSearchParams(Buffer.concat(chunks).toString()).get("account");
  return provider.interactionFinished(ctx.req, ctx.res, { login: { accountId, amr } }, { mergeWithLastSubmission: false });
});

provider.listen(port, "127.0.0.1", () => console.log("ready"));
