<?php
// Which version this code is, and how many tables it came with: all of their first rows must say the same version.
return array( 'version' => '{version}', 'tables' => {tables} );
