// The certified OpenID provider of npm, with one client and people who need no password. Prints its issuer.
import http from "node:http";
import Provider from "oidc-provider";

const server = http.createServer().listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: "overgang", client_secret: process.env.CLIENT_SECRET, redirect_uris: [process.env.REDIRECT_URI] }],
    claims: { openid: ["sub"], profile: ["preferred_username", "name"], overgang: ["roles"] },
    scopes: ["openid", "profile", "overgang"],
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, preferred_username: sub, name: `${sub} Demo`, roles: JSON.parse(process.env.ROLES) }) }),
    pkce: { required: () => true },
    cookies: { keys: ["only for a test"] },
  });
  server.on("request", provider.callback());
  console.log(issuer);
});
