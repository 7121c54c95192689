<?php
// What a page finds: the code's version, the option, three of the tables that the code came with, and what the object cache remembers of one.
function lab_marks() {
	global $wpdb;
	$lab = require __DIR__ . '/lab-version.php';
	$last = $lab['tables'] - 1;
	$cached = wp_cache_get( 'widget', 'lab' );
	if ( false === $cached ) {
		$cached = lab_row( 'lab_widgets' );
		wp_cache_set( 'widget', $cached, 'lab' );
	}
	return array(
		'code' => $lab['version'],
		'db' => get_option( 'lab_version' ),
		'table' => lab_row( 'lab_widgets' ),
		'any' => lab_row( sprintf( 'lab_t%03d', lab_any_of( $last ) ) ),
		'last' => lab_row( sprintf( 'lab_t%03d', $last ) ),
		'cache' => $cached,
	);
}

function lab_row( $table ) {
	global $wpdb;
	return $wpdb->get_var( "SELECT name FROM {$wpdb->prefix}$table WHERE id = 1" );
}

function lab_any_of( $last ) {
	return mt_rand( 1, max( 1, $last ) );
}

function lab_print( $marks ) {
	foreach ( $marks as $name => $value ) {
		echo " data-$name=\"" . htmlspecialchars( (string) $value ) . '"';
	}
}
