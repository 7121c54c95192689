<?php
// An object cache outside of PHP: memcached, spoken to over its socket. Values are kept for the request, too.
final class WP_Object_Cache {
	private $own = array();
	private $local = array();
	private $link = null;
	private $salt;

	public function __construct() {
		$this->salt = defined( 'WP_CACHE_KEY_SALT' ) ? WP_CACHE_KEY_SALT : '';
	}

	public function local( array $groups ) {
		$this->local += array_fill_keys( $groups, true );
	}

	public function get( $key, $group, $force, &$found ) {
		$name = $this->name( $key, $group );
		if ( $force || ! array_key_exists( $name, $this->own ) ) {
			$value = isset( $this->local[ $group ] ) ? false : $this->fetch( $name );
			$found = false !== $value;
			if ( ! $found ) {
				return false;
			}
			$this->own[ $name ] = $value[0];
		}
		$found = true;
		$value = $this->own[ $name ];
		return is_object( $value ) ? clone $value : $value;
	}

	/** $how: set, add or replace, as memcached calls them. */
	public function store( $how, $key, $value, $group, $seconds ) {
		$name = $this->name( $key, $group );
		$has = array_key_exists( $name, $this->own );
		if ( isset( $this->local[ $group ] ) ) {
			$done = 'set' === $how || $has === ( 'replace' === $how );
		} else {
			$bytes = serialize( array( $value ) );
			$done = 'STORED' === $this->ask( "$how $name 0 " . max( 0, (int) $seconds ) . ' ' . strlen( $bytes ) . "\r\n$bytes\r\n" );
		}
		if ( $done ) {
			$this->own[ $name ] = is_object( $value ) ? clone $value : $value;
		} elseif ( 'set' === $how ) {
			unset( $this->own[ $name ] );
		}
		return $done;
	}

	public function delete( $key, $group ) {
		$name = $this->name( $key, $group );
		$had = array_key_exists( $name, $this->own );
		unset( $this->own[ $name ] );
		return isset( $this->local[ $group ] ) ? $had : 'DELETED' === $this->ask( "delete $name\r\n" );
	}

	public function flush() {
		$this->own = array();
		return 'OK' === $this->ask( "flush_all\r\n" );
	}

	public function forget() {
		$this->own = array();
		return true;
	}

	private function name( $key, $group ) {
		return md5( $this->salt . "\0" . ( $group ?: 'default' ) . "\0" . $key );
	}

	private function fetch( $name ) {
		$head = $this->ask( "get $name\r\n" );
		if ( ! preg_match( '/^VALUE \S+ \d+ (\d+)$/', $head, $length ) ) {
			return false;
		}
		$bytes = stream_get_contents( $this->link, $length[1] + 2 );
		fgets( $this->link );
		return unserialize( substr( $bytes, 0, -2 ) );
	}

	/** The first line of the answer; an empty one where the cache does not answer: a site works without it. */
	private function ask( $words ) {
		if ( null === $this->link ) {
			$this->link = @stream_socket_client( 'unix://{socket}', $error, $text, 1 );
		}
		if ( ! $this->link || false === @fwrite( $this->link, $words ) ) {
			return '';
		}
		return rtrim( (string) fgets( $this->link ) );
	}
}

function wp_cache_init() {
	$GLOBALS['wp_object_cache'] = new WP_Object_Cache();
}
function wp_cache_get( $key, $group = '', $force = false, &$found = null ) {
	return $GLOBALS['wp_object_cache']->get( $key, $group, $force, $found );
}
function wp_cache_set( $key, $value, $group = '', $seconds = 0 ) {
	return $GLOBALS['wp_object_cache']->store( 'set', $key, $value, $group, $seconds );
}
function wp_cache_add( $key, $value, $group = '', $seconds = 0 ) {
	return ! wp_suspend_cache_addition() && $GLOBALS['wp_object_cache']->store( 'add', $key, $value, $group, $seconds );
}
function wp_cache_replace( $key, $value, $group = '', $seconds = 0 ) {
	return $GLOBALS['wp_object_cache']->store( 'replace', $key, $value, $group, $seconds );
}
function wp_cache_delete( $key, $group = '' ) {
	return $GLOBALS['wp_object_cache']->delete( $key, $group );
}
function wp_cache_incr( $key, $by = 1, $group = '' ) {
	$value = wp_cache_get( $key, $group, true );
	return is_numeric( $value ) && wp_cache_set( $key, max( 0, $value + $by ), $group ) ? max( 0, $value + $by ) : false;
}
function wp_cache_decr( $key, $by = 1, $group = '' ) {
	return wp_cache_incr( $key, -$by, $group );
}
function wp_cache_flush() {
	return $GLOBALS['wp_object_cache']->flush();
}
function wp_cache_flush_runtime() {
	return $GLOBALS['wp_object_cache']->forget();
}
function wp_cache_close() {
	return true;
}
function wp_cache_add_global_groups( $groups ) {
}
function wp_cache_add_non_persistent_groups( $groups ) {
	$GLOBALS['wp_object_cache']->local( (array) $groups );
}
function wp_cache_switch_to_blog( $blog ) {
}
function wp_cache_supports( $feature ) {
	return 'flush_runtime' === $feature;
}
