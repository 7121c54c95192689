"""The PHP by which a trial reaches the database: `database.php`, WordPress's own class with the rules of Belay_Trial."""

DATABASE = r"""<?php
class Belay_Trial_Database extends wpdb
{
    /** Names of option rows and of user meta carry the site's own prefix; names of tables carry the scratch view's. */
    protected $belay_of_tables = true;

    public function __construct()
    {
        $access = Belay_Trial::$c['database'];
        parent::__construct($access['user'], $access['password'], $access['schema'], DB_HOST);
    }

    /** This object knows the password only while it connects, because plugins can read it there. */
    public function db_connect($allow_bail = true)
    {
        $this->dbpassword = Belay_Trial::$c['database']['password'];
        try {
            return parent::db_connect($allow_bail) && Belay_Trial::bind($this->dbh);
        } finally {
            $this->dbpassword = '';
        }
    }

    /** WordPress's own needs absint() for a port, and older ones have not loaded it yet when this connects. */
    public function parse_db_host($host)
    {
        $named = preg_match('/^(\[[^\]]*\]|[^:]*):(\d+)(.*)$/', (string) $host, $found);
        $parsed = parent::parse_db_host($named ? $found[1] . $found[3] : $host);
        return $named && is_array($parsed) ? [$parsed[0], (int) $found[2], $parsed[2], $parsed[3]] : $parsed;
    }

    public function query($query)
    {
        if (!is_string($query) || !Belay_Trial::refuses($query)) {
            return parent::query($query);
        }
        $this->flush();
        $this->last_error = 'A candidate may not do this.';
        return false;
    }

    public function print_error($str = '') { return false; }

    public function get_blog_prefix($blog_id = null)
    {
        return $this->belay_of_tables ? parent::get_blog_prefix($blog_id) : Belay_Trial::$c['prefix'];
    }

    public function set_prefix($prefix, $set_table_names = true)
    {
        // WordPress has looked for a database drop-in by now.
        if (class_exists('Belay_Without', false)) {
            Belay_Without::end();
        }
        $this->belay_of_tables = true;
        $old = parent::set_prefix($prefix, $set_table_names);
        $this->belay_of_tables = false;
        return $old;
    }

    public function tables($scope = 'all', $prefix = true, $blog_id = 0)
    {
        return $this->of_tables(fn() => parent::tables($scope, $prefix, $blog_id));
    }

    private function of_tables($ask)
    {
        $outer = $this->belay_of_tables;
        $this->belay_of_tables = true;
        $answer = $ask();
        $this->belay_of_tables = $outer;
        return $answer;
    }
}
"""
