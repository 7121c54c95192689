"""The PHP side of a database session: mysqli behind length-prefixed frames on standard input and output.

To PHP: four bytes of length and a statement; the first frame holds the credentials as JSON. From PHP: one letter, four
bytes of length and a body. `C` names of columns (JSON), `R` rows, `E` the end (JSON), `X` an error (JSON). In `R` each
value is four bytes of length and its bytes, NULL is the length FFFFFFFF; many rows share a frame. A frame to PHP that begins
with a zero byte holds several statements, which the server carries out one after the other without waiting for anybody; each
is answered as if it had come alone, and an error ends all.
"""

PROGRAM = r"""
mysqli_report(MYSQLI_REPORT_OFF);
function take($size) {
    $data = '';
    while (strlen($data) < $size) {
        $part = fread(STDIN, $size - strlen($data));
        if ($part === '' || $part === false) exit(0);
        $data .= $part;
    }
    return $data;
}
function frame() { return take(unpack('N', take(4))[1]); }
function send($letter, $body) {
    $data = $letter . pack('N', strlen($body)) . $body;
    for ($sent = 0; $sent < strlen($data); $sent += $n) {
        $n = fwrite(STDOUT, $sent ? substr($data, $sent) : $data);
        if (!$n) exit(0);
    }
}
function refuse($errno, $message) {
    send('X', json_encode(['errno' => $errno, 'message' => printable($message)]));
}
function printable($text) {
    return preg_match('//u', $text) ? $text : preg_replace('/[^\x20-\x7e]/', '?', $text);
}
function rows($result) {
    $null = "\xff\xff\xff\xff";
    $body = '';
    while ($row = $result->fetch_row()) {
        foreach ($row as $value) $body .= $value === null ? $null : pack('N', strlen($value)) . $value;
        if (strlen($body) > 65536) { send('R', $body); $body = ''; }
    }
    if ($body !== '') send('R', $body);
}
$c = array_map('base64_decode', json_decode(frame(), true));
if (!extension_loaded('mysqli')) { refuse(-1, 'mysqli'); exit(0); }
$db = mysqli_init();
$db->options(MYSQLI_OPT_CONNECT_TIMEOUT, 10);
$db->options(MYSQLI_OPT_LOCAL_INFILE, 0);
if (!@$db->real_connect($c['host'], $c['user'], $c['password'], $c['schema'], (int) $c['port'], $c['socket'] ?: null, (int) $c['flags'])) {
    refuse($db->connect_errno, (string) $db->connect_error);
    exit(0);
}
$db->set_charset('utf8mb4');
send('E', json_encode(['affected' => 0]));
function answer($db) {
    if ($db->field_count === 0) { send('E', json_encode(['affected' => $db->affected_rows])); return true; }
    $result = $db->use_result();
    $names = array_map(fn($field) => base64_encode($field->name), $result->fetch_fields());
    send('C', json_encode($names));
    rows($result);
    [$errno, $error] = [$db->errno, $db->error];
    $result->free();
    if ($errno) refuse($errno, $error); else send('E', json_encode(['affected' => 0]));
    return !$errno;
}
while (true) {
    $sql = frame();
    $several = ($sql[0] ?? '') === "\0";
    $fine = $several ? $db->multi_query(substr($sql, 1)) : $db->real_query($sql);
    while ($fine && answer($db) && $several && $db->more_results()) $fine = $db->next_result();
    if (!$fine) refuse($db->errno, $db->error);
}
"""
