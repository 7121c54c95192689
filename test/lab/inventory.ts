/** The Ansible inventory of the laboratory, as a repository of a site would hold it. */
import { stringify } from "yaml";

/** Both environments live on one machine here; on real ones each host has its own address. */
export function inventoryYaml(port: number): string {
  const host = { ansible_host: "127.0.0.1", ansible_port: port };
  return stringify({
    all: {
      hosts: { "web-production": host, "web-staging": { ...host } },
      vars: { ansible_user: "root", ansible_python_interpreter: "/usr/bin/python3" },
    },
  });
}
