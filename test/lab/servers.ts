/** The servers of the laboratory: started by hand in the foreground, below one folder, and stopped by their process ids. */
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";

export type Server = { readonly name: string; readonly pid: number; readonly stop: () => Promise<void> };

/** A TCP port of the loopback interface that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}

type Start = {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly log: string;
  /** Whether the server answers; asked until it does. */
  readonly ready: () => Promise<boolean>;
};

/** Starts a program in its own process group and waits until it answers. */
export async function startServer(start: Start): Promise<Server> {
  const [file, ...arguments_] = start.command;
  const child = execa(file, arguments_, {
    detached: true,
    cleanup: true,
    stdin: "ignore",
    stdout: { file: start.log, append: true },
    stderr: { file: start.log, append: true },
    reject: false,
  });
  const pid = child.pid;
  let ended = false;
  const end = child.then(() => {
    ended = true;
  });
  const stop = async () => {
    if (pid === undefined || ended) return;
    process.kill(-pid, "SIGTERM");
    await Promise.race([end, sleep(10_000, undefined, { ref: false })]);
    if (!ended) process.kill(-pid, "SIGKILL");
    await end;
  };
  for (let attempt = 0; attempt < 300; attempt++) {
    if (pid === undefined || ended)
      throw new Error(`${start.name} ended at its start; its words are in ${start.log}`);
    if (await start.ready().catch(() => false)) return { name: start.name, pid, stop };
    await sleep(50);
  }
  await stop();
  throw new Error(`${start.name} did not answer within 15 s; its words are in ${start.log}`);
}

export type MariaDb = Server & { readonly port: number; readonly socket: string };

export async function startMariaDb(folder: string): Promise<MariaDb> {
  const data = path.join(folder, "data");
  const socket = path.join(folder, "mariadb.sock");
  const port = await freePort();
  await mkdir(data, { recursive: true });
  await execa("chown", ["mysql:mysql", folder, data]);
  await execa("mariadb-install-db", [
    "--no-defaults",
    `--datadir=${data}`,
    "--user=mysql",
    "--auth-root-authentication-method=normal",
    "--skip-test-db",
  ]);
  const server = await startServer({
    name: "MariaDB",
    command: [
      "mariadbd",
      "--no-defaults",
      "--user=mysql",
      `--datadir=${data}`,
      `--socket=${socket}`,
      `--port=${port}`,
      "--bind-address=127.0.0.1",
      `--pid-file=${path.join(folder, "mariadb.pid")}`,
      "--character-set-server=utf8mb4",
    ],
    log: path.join(folder, "mariadb.log"),
    ready: async () => (await mariadb(socket, "SELECT 1")) === "1",
  });
  return { ...server, port, socket };
}

/** Runs SQL as the server's root through its socket: tab-separated lines without a header. */
export async function mariadb(socket: string, sql: string, database?: string): Promise<string> {
  const arguments_ = ["--no-defaults", `--socket=${socket}`, "--user=root", "--batch", "--skip-column-names"];
  const result = await execa("mariadb", [...arguments_, ...(database === undefined ? [] : [database])], {
    input: sql,
  });
  return result.stdout;
}

export type Pool = { readonly name: string; readonly root: string; readonly workers: number };

export async function startPhp(folder: string, pools: readonly Pool[]): Promise<Server> {
  await mkdir(folder, { recursive: true });
  const fpm = (await readdir("/usr/sbin"))
    .filter((name) => /^php-fpm\d/.test(name))
    .sort()
    .at(-1);
  if (fpm === undefined) throw new Error("PHP-FPM is not installed: run script/setup --lab");
  const config = path.join(folder, "php-fpm.conf");
  const sections = pools.map((pool) =>
    [
      `[${pool.name}]`,
      "user = www-data",
      "group = www-data",
      `listen = ${phpSocket(folder, pool.name)}`,
      "listen.owner = www-data",
      "listen.backlog = 511",
      "pm = static",
      `pm.max_children = ${pool.workers}`,
      "catch_workers_output = yes",
      `php_admin_value[auto_prepend_file] = ${pool.root}/.belay/hold/hold.php`,
    ].join("\n"),
  );
  const log = path.join(folder, "php-fpm.log");
  await writeFile(config, [`[global]\nerror_log = ${log}\ndaemonize = no`, ...sections, ""].join("\n\n"));
  const first = pools[0];
  if (first === undefined) throw new Error("no pool was asked for");
  return startServer({
    name: "PHP-FPM",
    command: [`/usr/sbin/${fpm}`, "--nodaemonize", "--fpm-config", config],
    log,
    ready: async () =>
      (await execa("test", ["-S", phpSocket(folder, first.name)], { reject: false })).exitCode === 0,
  });
}

const phpSocket = (folder: string, pool: string) => path.join(folder, `${pool}.sock`);

/**
 * Written out instead of Debian's fastcgi_params, which gives WordPress a HTTP_HOST without its port since 1.22.1-9+deb12u10:
 * on any other port than 80 it would redirect for ever.
 */
const PARAMETERS = Object.entries({
  QUERY_STRING: "$query_string",
  REQUEST_METHOD: "$request_method",
  CONTENT_TYPE: "$content_type",
  CONTENT_LENGTH: "$content_length",
  SCRIPT_NAME: "$fastcgi_script_name",
  SCRIPT_FILENAME: "$realpath_root$fastcgi_script_name",
  DOCUMENT_ROOT: "$realpath_root",
  DOCUMENT_URI: "$document_uri",
  REQUEST_URI: "$request_uri",
  SERVER_PROTOCOL: "$server_protocol",
  GATEWAY_INTERFACE: "CGI/1.1",
  REMOTE_ADDR: "$remote_addr",
  REMOTE_PORT: "$remote_port",
  SERVER_ADDR: "$server_addr",
  SERVER_PORT: "$server_port",
  SERVER_NAME: "$server_name",
  HTTP_HOST: "$host:$server_port",
  REDIRECT_STATUS: "200",
})
  .map(([name, value]) => `      fastcgi_param ${name} ${value};`)
  .join("\n");

export type WebServer = { readonly pool: string; readonly root: string; readonly port: number };

export async function startNginx(
  folder: string,
  php: string,
  servers: readonly WebServer[],
): Promise<Server> {
  await mkdir(folder, { recursive: true });
  const blocks = servers.map(
    (server) => `  server {
    listen 127.0.0.1:${server.port};
    root ${server.root}/current;
    index index.php;
    location / { try_files $uri $uri/ /index.php$is_args$args; }
    location ~ ^/(\\.|wp-config) { return 404; }
    location ~ \\.php$ {
${PARAMETERS}
      fastcgi_pass unix:${phpSocket(php, server.pool)};
      fastcgi_read_timeout 60s;
    }
  }`,
  );
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `  ${name}_temp_path ${folder}/${name};`)
    .join("\n");
  const config = path.join(folder, "nginx.conf");
  await writeFile(
    config,
    `user www-data;\nworker_processes 1;\ndaemon off;\npid ${folder}/nginx.pid;\nerror_log ${folder}/error.log;
events { worker_connections 512; }
http {
  include /etc/nginx/mime.types;
  access_log off;
${temporary}
${blocks.join("\n")}
}\n`,
  );
  const port = servers[0]?.port;
  return startServer({
    name: "nginx",
    command: ["/usr/sbin/nginx", "-p", folder, "-c", config, "-e", path.join(folder, "error.log")],
    log: path.join(folder, "nginx.log"),
    ready: async () => (await fetch(`http://127.0.0.1:${port}/.answer`)).status === 404,
  });
}

export type Sshd = Server & {
  readonly port: number;
  readonly privateKey: string;
  readonly knownHosts: string;
};

/** An ssh server with keys made now; the host's user is root, as Ansible's often is. */
export async function startSshd(folder: string): Promise<Sshd> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await mkdir("/run/sshd", { recursive: true });
  const hostKey = path.join(folder, "host_key");
  const privateKey = path.join(folder, "client_key");
  for (const file of [hostKey, privateKey])
    await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", file]);
  await execa("cp", [`${privateKey}.pub`, path.join(folder, "authorized_keys")]);
  await chmod(path.join(folder, "authorized_keys"), 0o600);
  const port = await freePort();
  const config = path.join(folder, "sshd_config");
  await writeFile(
    config,
    [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${hostKey}`,
      `AuthorizedKeysFile ${path.join(folder, "authorized_keys")}`,
      "PermitRootLogin prohibit-password",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "UsePAM no",
      "StrictModes no",
      "MaxStartups 100",
      "Subsystem sftp internal-sftp",
      `PidFile ${path.join(folder, "sshd.pid")}`,
      "",
    ].join("\n"),
  );
  const publicKey = await readFile(`${hostKey}.pub`, "utf8");
  const knownHosts = path.join(folder, "known_hosts");
  await writeFile(knownHosts, `[127.0.0.1]:${port} ${publicKey.split(" ").slice(0, 2).join(" ")}\n`);
  const server = await startServer({
    name: "sshd",
    command: ["/usr/sbin/sshd", "-D", "-e", "-f", config],
    log: path.join(folder, "sshd.log"),
    ready: async () =>
      (
        await execa(
          "ssh",
          [
            "-F",
            "/dev/null",
            "-i",
            privateKey,
            "-p",
            String(port),
            "-o",
            "BatchMode=yes",
            "-o",
            `UserKnownHostsFile=${knownHosts}`,
            "-o",
            "IdentitiesOnly=yes",
            "root@127.0.0.1",
            "true",
          ],
          { reject: false },
        )
      ).exitCode === 0,
  });
  return { ...server, port, privateKey, knownHosts };
}
