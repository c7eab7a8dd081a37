// For PM2: pm2 start deploy/ecosystem.config.js
//
// Settings come from .env in the project's folder. Two servers need PostgreSQL; with SQLite leave
// one. PM2's cluster mode is for Node.js: each server is a process of its own with its own port.

const path = require("node:path");

const root = path.join(__dirname, "..");

function server(port) {
  return {
    name: `threadkeeper-${port}`,
    script: "main.py",
    cwd: root,
    interpreter: path.join(root, ".venv", "bin", "python"),
    // PM2 keeps the log (pm2-logrotate turns it over); two servers must not write one file.
    env: { PORT: String(port), LOG_FILE: "", PYTHONUNBUFFERED: "1" },
    // pm2 sendSignal SIGHUP all: reads .env, assistants.yaml and functions/ again.
    // PM2 stops with SIGINT, which means the same here as SIGTERM. Longer than SHUTDOWN_SECONDS
    // (10), so that runs are handed over and not cut off.
    kill_timeout: 30000,
    // Wrong settings end it with status 2: starting again would not help.
    stop_exit_codes: [2],
  };
}

module.exports = { apps: [server(8010), server(8011)] };
