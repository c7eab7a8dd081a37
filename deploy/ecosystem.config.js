// For PM2: pm2 start deploy/ecosystem.config.js
//
// Settings come from .env in the project's folder. Two servers need PostgreSQL; with SQLite, run only
// one. PM2's cluster mode is for Node.js: each server has its own port, and WORKERS in .env gives it processes.

const path = require("node:path");

const root = path.join(__dirname, "..");

function server(port) {
  return {
    name: `threadkeeper-${port}`,
    script: "main.py",
    cwd: root,
    interpreter: path.join(root, ".venv", "bin", "python"),
    // PM2 stores the log (pm2-logrotate rotates it); two servers must not write to the same file.
    env: { PORT: String(port), LOG_FILE: "", PYTHONUNBUFFERED: "1" },
    // pm2 sendSignal SIGHUP all: reloads .env, assistants.yaml, providers.yaml and functions/.
    // PM2 stops a server with SIGINT, which works like SIGTERM. The timeout is longer than
    // SHUTDOWN_SECONDS (10), so that runs are handed over instead of being cut off.
    kill_timeout: 30000,
    // The first process ends the others; PM2 would also interrupt code and readers of files.
    treekill: false,
    // With invalid settings the server exits with status 2: a restart would not help.
    stop_exit_codes: [2],
  };
}

module.exports = { apps: [server(8010), server(8011)] };
