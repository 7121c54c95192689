/** nginx with one server per site, whose document root is the link to the active release. */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Guard } from "../guard.ts";
import { type Server, startServer } from "../servers.ts";
import { OWNER } from "../site.ts";

export type WebSite = {
  readonly root: string;
  readonly port: number;
  /** Socket of the site's PHP pool. */
  readonly php: string;
};

export async function startNginx(folder: string, sites: readonly WebSite[], guard: Guard): Promise<Server> {
  await mkdir(folder, { recursive: true });
  const config = path.join(folder, "nginx.conf");
  await writeFile(config, configuration(folder, sites));
  return startServer({
    name: "nginx",
    command: ["/usr/sbin/nginx", "-p", folder, "-c", config, "-e", path.join(folder, "error.log")],
    log: path.join(folder, "nginx.log"),
    ready: async () => {
      for (const { port } of sites) {
        if ((await fetch(`http://127.0.0.1:${port}/.answer`)).status !== 404) return false;
      }
      return true;
    },
    guard,
  });
}

function configuration(folder: string, sites: readonly WebSite[]): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `  ${name}_temp_path ${folder}/${name};`)
    .join("\n");
  return `user ${OWNER};
worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 512; }
http {
  include /etc/nginx/mime.types;
  access_log off;
${temporary}
${sites.map(serverBlock).join("\n")}
}
`;
}

const serverBlock = (site: WebSite) => `  server {
    listen 127.0.0.1:${site.port};
    root ${site.root}/current;
    index index.php;
    location / { try_files $uri $uri/ /index.php$is_args$args; }
    location ~ ^/(\\.|wp-config) { return 404; }
    location ~ \\.php$ {
${PARAMETERS}
      fastcgi_pass unix:${site.php};
      fastcgi_read_timeout 60s;
    }
  }`;

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
