<?php
// A page that no cache has. With ?ms=, a slow one, which looks again at its end.
define( 'SHORTINIT', true );
require __DIR__ . '/wp-load.php';
require __DIR__ . '/lab-marks.php';
ob_start();
echo '<!doctype html><html><body';
lab_print( lab_marks() );
echo '>';
$lab_ms = min( 5000, (int) ( $_GET['ms'] ?? 0 ) );
if ( $lab_ms > 0 ) {
	usleep( $lab_ms * 1000 );
	echo '<p';
	lab_print( lab_marks() );
	echo '></p>';
}
echo '<p class="end">Laboratory, end of page</p></body></html>';
