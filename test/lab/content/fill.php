<?php
// Fills a fresh site: users, options, posts, pages, comments, uploads and a menu, with the site's address in every form that WordPress knows.
$url = $input['url'];
wp_create_user($input['visitor']['login'], $input['visitor']['password'], 'visitor@lab.example');

$options = [
    'blogdescription' => 'Two sites, one rope',
    'comment_moderation' => '0',
    'comment_previously_approved' => '0',
    'comments_notify' => '0',
    'moderation_notify' => '0',
    'lab_settings' => [
        'logo' => "$url/wp-content/uploads/logo.png",
        'nested' => ['home' => "$url/", 'raw' => serialize(['again' => $url])],
    ],
];
foreach ($options as $name => $value) {
    update_option($name, $value);
}

require_once ABSPATH . 'wp-admin/includes/image.php';
$posts = [];
for ($i = 1; $i <= 12; $i++) {
    $picture = imagecreatetruecolor(640, 480);
    imagefill($picture, 0, 0, imagecolorallocate($picture, 20 * $i, 90, 160));
    ob_start();
    imagepng($picture);
    $upload = wp_upload_bits("picture-$i.png", null, ob_get_clean());
    $attachment = ['post_mime_type' => 'image/png', 'post_title' => "Picture $i", 'post_status' => 'inherit'];
    $media = wp_insert_attachment($attachment, $upload['file']);
    wp_update_attachment_metadata($media, wp_generate_attachment_metadata($media, $upload['file']));

    $block = serialize_block_attributes(['id' => $media, 'link' => "$url/post-$i/?a=1&b=2"]);
    $id = wp_insert_post(wp_slash([
        'post_title' => "Post $i",
        'post_name' => "post-$i",
        'post_status' => 'publish',
        'comment_status' => 'open',
        'post_content' => "<!-- wp:paragraph -->\n<p>Paragraph $i, see <a href=\"$url/post-1/\">the first</a>.</p>\n<!-- /wp:paragraph -->\n\n"
            . "<!-- wp:image $block -->\n<figure class=\"wp-block-image\"><img src=\"{$upload['url']}\" alt=\"\"/></figure>\n<!-- /wp:image -->",
    ]));
    set_post_thumbnail($id, $media);
    update_post_meta($id, 'lab_json', wp_slash(json_encode(['link' => "$url/post-$i/", 'text' => 'Ünïcode 🧗'])));
    wp_set_post_terms($id, ['tag-' . ($i % 3)], 'post_tag');
    for ($c = 0; $c < 3; $c++) {
        wp_insert_comment([
            'comment_post_ID' => $id,
            'comment_author' => "Reader $c",
            'comment_author_email' => "reader$c@lab.example",
            'comment_content' => "Comment $c on post $i",
            'comment_approved' => 1,
        ]);
    }
    $posts[] = $id;
}
$page = wp_insert_post([
    'post_type' => 'page',
    'post_title' => 'About',
    'post_name' => 'about',
    'post_status' => 'publish',
    'post_content' => "<!-- wp:paragraph -->\n<p>About $url</p>\n<!-- /wp:paragraph -->",
]);

$menu = wp_create_nav_menu('Main');
wp_update_nav_menu_item($menu, 0, ['menu-item-title' => 'First', 'menu-item-url' => "$url/post-1/", 'menu-item-status' => 'publish']);
wp_update_nav_menu_item($menu, 0, ['menu-item-object' => 'page', 'menu-item-object-id' => $page, 'menu-item-type' => 'post_type', 'menu-item-status' => 'publish']);

$wp_rewrite->set_permalink_structure('/%postname%/');
flush_rewrite_rules(false);
file_put_contents(wp_upload_dir()['basedir'] . '/price-list.txt', "climbing rope, 60 m\n");
return ['posts' => $posts, 'page' => $page];
