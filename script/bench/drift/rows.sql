-- Fills the tables; {posts} and {meta} are numbers of rows. Every row has text of its own, and every run makes the same rows.
-- Without checks an INSERT into an empty table is sorted and written in bulk.
SET SESSION unique_checks = 0, foreign_key_checks = 0, time_zone = '+00:00', group_concat_max_len = 100000;
SET NAMES utf8mb4 COLLATE utf8mb4_unicode_520_ci;

INSERT INTO wp_options (option_name, option_value) VALUES
  ('siteurl', 'https://bench.example'), ('home', 'https://bench.example'), ('blogname', 'Bench'), ('db_version', '57155'),
  ('active_plugins', 'a:0:{}'), ('template', 'plain'), ('stylesheet', 'plain'), ('wp_user_roles', 'a:0:{}');

-- About 5,300 characters: words of changing length, with marks and letters of two, three and four bytes among them.
SET @text = (SELECT GROUP_CONCAT(
  CONCAT(LEFT(SHA2(seq, 256), 2 + seq % 9), IF(seq % 31 = 0, ' Größe', ''), IF(seq % 53 = 0, ' 東京', ''), IF(seq % 97 = 0, ' 🌊', ''), IF(seq % 12 = 0, '.', ''))
  ORDER BY seq SEPARATOR ' ') FROM seq_1_to_700);

INSERT INTO wp_posts (ID, post_author, post_date, post_date_gmt, post_content, post_title, post_excerpt, post_name, to_ping, pinged,
  post_modified, post_modified_gmt, post_content_filtered, post_parent, guid, post_type, post_status, comment_count)
SELECT seq, 1 + seq % 40,
  '2015-01-01' + INTERVAL seq * 600 SECOND, '2015-01-01' + INTERVAL seq * 600 SECOND,
  CONCAT('<!-- wp:paragraph -->\n<p>', SHA2(seq, 256), ' ', SUBSTRING(@text, 1 + (seq * 7919) % 1600, 2600 + (seq * 31) % 700),
    '</p>\n<!-- /wp:paragraph -->'),
  CONCAT('Post ', seq, ' ', SUBSTRING(@text, 1 + (seq * 13) % 4000, 30)), '', CONCAT('post-', seq, '-', LEFT(MD5(seq), 8)), '', '',
  '2016-01-01' + INTERVAL seq * 600 SECOND, '2016-01-01' + INTERVAL seq * 600 SECOND, '', IF(seq % 5 = 0, seq - 1, 0),
  CONCAT('https://bench.example/?p=', seq), ELT(1 + seq % 4, 'post', 'page', 'revision', 'attachment'),
  IF(seq % 4 = 2, 'inherit', 'publish'), seq % 17
FROM seq_1_to_{posts};

INSERT INTO wp_postmeta (meta_id, post_id, meta_key, meta_value)
SELECT seq, 1 + (seq - 1) DIV 4,
  ELT(1 + seq % 8, '_edit_last', '_thumbnail_id', '_wp_page_template', '_wp_attached_file', 'rating', 'note', '_price', '_stock'),
  IF(seq % 101 = 0, NULL, CONCAT(SUBSTRING(@text, 1 + (seq * 17) % 3000, 8 + seq % 60), ' ', seq))
FROM seq_1_to_{meta};

ANALYZE TABLE wp_posts, wp_postmeta, wp_options;
