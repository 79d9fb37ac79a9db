/** One session, whose token the git server of the test takes. */
const { EventEmitter, authentication } = require("vscode");

const ada = { id: "ada", label: "Ada" };

exports.activate = ({ subscriptions }) => {
  const changes = new EventEmitter();
  const sessions = [];
  const provider = {
    onDidChangeSessions: changes.event,
    getSessions: async () => sessions,
    createSession: async (scopes) => {
      const session = { id: "first", accessToken: "s3cret-t0ken-value", account: ada, scopes };
      sessions.push(session);
      changes.fire({ added: [session], removed: [], changed: [] });
      return session;
    },
    removeSession: async () => undefined,
  };
  subscriptions.push(authentication.registerAuthenticationProvider("github-enterprise", "GitHub Enterprise Server", provider));
};
