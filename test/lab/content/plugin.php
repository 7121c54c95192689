<?php
/*
 * Plugin Name: Lab Widgets
 * Version: {version}
 */
add_action( 'lab_marks', function () {
	global $wpdb;
	$version = $wpdb->get_var( "SELECT name FROM {$wpdb->prefix}lab_widgets WHERE id = 1" );
	echo ' data-table="' . esc_attr( $version ) . '"';
} );
