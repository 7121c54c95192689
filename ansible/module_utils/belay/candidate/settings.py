"""PHP's own settings for a candidate: what it finds to leave its process with, taken away before it starts."""
from __future__ import annotations

import json
import os
import re
import subprocess
from typing import Dict, List

from ..host import php

#: What leaves a process past WordPress's own ways, or changes files in ways that Landlock does not know (owners, rights, times).
TAKEN = (
    "mail,mb_send_mail,exec,system,shell_exec,passthru,popen,proc_open,pcntl_exec,pcntl_fork,posix_kill,fsockopen,pfsockopen,stream_socket_client,"
    "curl_exec,curl_multi_exec,socket_connect,socket_sendto,socket_sendmsg,stream_socket_sendto,chmod,chown,chgrp,lchown,lchgrp,touch"
)
#: Extensions that open connections inside themselves, where no function can be taken away: plugins see that they are not there, and do without.
#: The object cache that visitors use is reached by the first of them, the site's own database by pdo_mysql: nothing limits its connections.
LEFT_OUT = (
    "redis", "relay", "memcached", "memcache", "mongodb", "amqp", "rdkafka", "gearman", "ftp", "ssh2", "imap", "ldap",
    "pdo_mysql", "pgsql", "pdo_pgsql", "sqlsrv", "pdo_sqlsrv",
)
#: The same, where a host loads them otherwise than by a line of its own; PHP 8.5 no longer knows the setting.
CLASSES = "Redis,RedisArray,RedisCluster,RedisSentinel,Memcached,Memcache,MemcachePool"
_LOADS = re.compile(r'\s*extension\s*=\s*"?(?:.*/)?(?:php_)?(\w+)(?:\.so|\.dll)?"?\s*(?:;.*)?$')


def settings(folder: str) -> Dict[str, str]:
    """For `-d`: as near to the pool's as the command line comes; errors go to a log of its own in `folder`."""
    temporary = os.path.join(folder, "tmp")
    return {
        "auto_prepend_file": "", "auto_append_file": "", "display_errors": "0", "log_errors": "1", "html_errors": "0",
        "error_log": os.path.join(folder, "php.log"), "disable_functions": TAKEN, "disable_classes": CLASSES, "allow_url_fopen": "0",
        "max_execution_time": "0", "memory_limit": "512M", "sys_temp_dir": temporary, "upload_tmp_dir": temporary, "session.save_path": temporary,
        "session.save_handler": "files", "opcache.enable": "0", "opcache.lockfile_path": temporary, "apc.enable_cli": "0",
        # The one connection is WordPress's own, opened before any plugin; PHP itself refuses all others by mysqli, whoever knows a password.
        "mysqli.max_links": "1", "mysqli.allow_persistent": "0",
        # As WordPress sets it where nobody debugs: warnings and worse.
        "error_reporting": "4983",
        # Neither an extension that was left out nor a library's own functions by a plugin's word.
        "enable_dl": "0", "ffi.enable": "0",
        # error_log() can send mail, too.
        "sendmail_path": "/bin/false", "zend.exception_ignore_args": "1",
    }


def environment(command: str, folder: str) -> Dict[str, str]:
    """Environment variables for this PHP: the extensions of the host but those that are left out, told from files below `folder`."""
    place = os.path.join(folder, "ini")
    os.makedirs(place, mode=0o700)
    for number, path in enumerate(_scanned(command)):
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            text = "".join(line for line in file if not _is_left_out(line))
        with open(os.path.join(place, f"{number:04d}.ini"), "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
    return {**os.environ, "PHP_INI_SCAN_DIR": place, "TMPDIR": os.path.join(folder, "tmp")}


def _scanned(command: str) -> List[str]:
    """Files beside php.ini that PHP reads, in its order."""
    told = subprocess.run([command, *php.OPTIONS, "-r", "echo \"\\n\", json_encode((string) php_ini_scanned_files());"], capture_output=True, cwd="/", check=False)
    try:
        names = json.loads(told.stdout.decode("utf-8", "surrogateescape").rpartition("\n")[2])
    except ValueError:
        names = ""
    return [name.strip() for name in names.split(",") if name.strip()]


def _is_left_out(line: str) -> bool:
    found = _LOADS.match(line.rstrip("\n"))
    return bool(found) and found.group(1) in LEFT_OUT
