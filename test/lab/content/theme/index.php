<?php {extra} ?><!doctype html>
<html><head><title><?php bloginfo( 'name' ); ?></title><?php wp_head(); ?></head>
<body data-code="{version}" data-db="<?php echo esc_attr( get_option( 'lab_version' ) ); ?>"<?php do_action( 'lab_marks' ); ?>>
<h1><?php bloginfo( 'name' ); ?></h1>
<?php wp_nav_menu( array( 'theme_location' => 'main', 'fallback_cb' => false ) ); ?>
<?php while ( have_posts() ) : the_post(); ?>
<article id="post-<?php the_ID(); ?>"><h2><?php the_title(); ?></h2><?php the_post_thumbnail( 'thumbnail' ); ?><?php the_content(); ?>
<?php if ( is_singular() ) { comment_form(); } ?>
</article>
<?php endwhile; ?>
<ul class="latest">
<?php foreach ( get_comments( array( 'number' => 10, 'status' => 'approve' ) ) as $said ) : ?>
<li id="comment-<?php echo (int) $said->comment_ID; ?>"><?php echo esc_html( $said->comment_author . ': ' . $said->comment_content ); ?></li>
<?php endforeach; ?>
</ul>
<p class="promise"><?php echo $promise ?? 'Open all year'; ?></p>
<p class="end">Laboratory, end of page</p>
<?php wp_footer(); ?></body></html>
