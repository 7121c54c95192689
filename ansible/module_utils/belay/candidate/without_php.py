"""The PHP that leaves a database drop-in out of a trial: `without.php`.

A drop-in opens connections of its own, from a configuration of its own: no rule of a trial would reach them. WordPress has no way to pass one
over, so for the moment in which it looks for it (some twenty files long) this stands between PHP and the file system, and does not find it.
"""

WITHOUT = r"""<?php
final class Belay_Without
{
    public $context;
    private $handle;
    private static $hidden = null;

    public static function begin(string $path): void
    {
        self::$hidden = $path;
        // PHP remembers the last file that it was asked for.
        clearstatcache();
        self::stand_between();
    }

    public static function end(): void
    {
        if (self::$hidden !== null) {
            self::$hidden = null;
            stream_wrapper_restore('file');
        }
    }

    private static function stand_between(): void
    {
        stream_wrapper_unregister('file');
        stream_wrapper_register('file', self::class);
    }

    private static function plainly(callable $do)
    {
        stream_wrapper_restore('file');
        try {
            return $do();
        } finally {
            self::stand_between();
        }
    }

    private static function is_hidden(string $path): bool
    {
        return preg_replace('#/+#', '/', preg_replace('#^file://#', '', $path)) === preg_replace('#/+#', '/', self::$hidden);
    }

    public function stream_open($path, $mode, $options, &$opened): bool
    {
        if (self::is_hidden($path)) {
            return false;
        }
        $this->handle = self::plainly(fn() => ($options & STREAM_REPORT_ERRORS) ? fopen($path, $mode) : @fopen($path, $mode));
        return $this->handle !== false;
    }

    public function url_stat($path, $flags)
    {
        return self::is_hidden($path) ? false : self::plainly(fn() => ($flags & STREAM_URL_STAT_LINK) ? @lstat($path) : @stat($path));
    }

    public function dir_opendir($path, $options): bool
    {
        $this->handle = self::plainly(fn() => @opendir($path));
        return $this->handle !== false;
    }

    public function stream_read($count) { return fread($this->handle, $count); }
    public function stream_write($data) { return fwrite($this->handle, $data); }
    public function stream_eof() { return feof($this->handle); }
    public function stream_stat() { return fstat($this->handle); }
    public function stream_tell() { return ftell($this->handle); }
    public function stream_seek($offset, $whence) { return fseek($this->handle, $offset, $whence) === 0; }
    public function stream_flush() { return fflush($this->handle); }
    public function stream_lock($operation) { return $operation === 0 || flock($this->handle, $operation); }
    public function stream_set_option($option, $first, $second) { return false; }
    public function stream_close() { fclose($this->handle); }
    public function dir_readdir() { return readdir($this->handle); }
    public function dir_rewinddir() { rewinddir($this->handle); return true; }
    public function dir_closedir() { closedir($this->handle); return true; }
}
"""
