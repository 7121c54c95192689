<?php
// An order into a protected table, or a note into the options: said to be kept only when the database has it.
define( 'SHORTINIT', true );
require __DIR__ . '/wp-load.php';
$lab_name = preg_replace( '/[^0-9a-f-]/', '', $_POST['name'] ?? '' );
if ( isset( $_POST['note'] ) ) {
	$lab_row = array( 'option_name' => "visitor_note_$lab_name", 'option_value' => $lab_name, 'autoload' => 'no' );
	$lab_done = $wpdb->insert( $wpdb->options, $lab_row );
} else {
	$lab_done = $wpdb->insert( $wpdb->prefix . 'lab_orders', array( 'name' => $lab_name ) );
}
http_response_code( 1 === $lab_done ? 201 : 500 );
echo 1 === $lab_done ? "kept $lab_name" : 'not kept';
