"""Tables of WordPress, WooCommerce, Action Scheduler and others as their documentation describes them, with a person's marks.

Every value that says something of a person begins with MARK, so that whatever lets one pass is found. It is so long that no mask makes it
up by chance.
"""
MARK = "Zqjxvk"

SCHEMA = """
CREATE TABLE {p}users (ID BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, user_login VARCHAR(60) NOT NULL DEFAULT '', user_pass VARCHAR(255) NOT NULL DEFAULT '',
  user_nicename VARCHAR(50) NOT NULL DEFAULT '', user_email VARCHAR(100) NOT NULL DEFAULT '', user_url VARCHAR(100) NOT NULL DEFAULT '',
  user_registered DATETIME NOT NULL DEFAULT '2026-01-01', user_activation_key VARCHAR(255) NOT NULL DEFAULT '', user_status INT NOT NULL DEFAULT 0, display_name VARCHAR(250) NOT NULL DEFAULT '');
CREATE TABLE {p}comments (comment_ID BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, comment_post_ID BIGINT UNSIGNED NOT NULL DEFAULT 0, comment_author TINYTEXT NOT NULL,
  comment_author_email VARCHAR(100) NOT NULL DEFAULT '', comment_author_url VARCHAR(200) NOT NULL DEFAULT '', comment_author_IP VARCHAR(100) NOT NULL DEFAULT '',
  comment_date DATETIME NOT NULL DEFAULT '2026-01-01', comment_content TEXT NOT NULL, comment_agent VARCHAR(255) NOT NULL DEFAULT '', comment_type VARCHAR(20) NOT NULL DEFAULT 'comment', user_id BIGINT UNSIGNED NOT NULL DEFAULT 0);
CREATE TABLE {p}postmeta (meta_id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, post_id BIGINT UNSIGNED NOT NULL DEFAULT 0, meta_key VARCHAR(255), meta_value LONGTEXT);
CREATE TABLE {p}wc_orders (id BIGINT UNSIGNED PRIMARY KEY, status VARCHAR(20), currency VARCHAR(10), type VARCHAR(20), tax_amount DECIMAL(26,8), total_amount DECIMAL(26,8),
  customer_id BIGINT UNSIGNED, billing_email VARCHAR(320), date_created_gmt DATETIME, parent_order_id BIGINT UNSIGNED, payment_method VARCHAR(100), payment_method_title TEXT,
  transaction_id VARCHAR(100), ip_address VARCHAR(100), user_agent TEXT, customer_note TEXT, KEY billing_email (billing_email(171)));
CREATE TABLE {p}wc_order_addresses (id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, order_id BIGINT UNSIGNED NOT NULL, address_type VARCHAR(20), first_name TEXT, last_name TEXT, company TEXT,
  address_1 TEXT, address_2 TEXT, city TEXT, state TEXT, postcode TEXT, country TEXT, email VARCHAR(320), phone VARCHAR(100), UNIQUE KEY address_type_order_id (address_type, order_id));
CREATE TABLE {p}wc_orders_meta (id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, order_id BIGINT UNSIGNED, meta_key VARCHAR(255), meta_value TEXT);
CREATE TABLE {p}wc_customer_lookup (customer_id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, user_id BIGINT UNSIGNED UNIQUE, username VARCHAR(60) NOT NULL DEFAULT '', first_name VARCHAR(255) NOT NULL,
  last_name VARCHAR(255) NOT NULL, email VARCHAR(100), date_last_active TIMESTAMP NULL, country CHAR(2) NOT NULL DEFAULT '', postcode VARCHAR(20) NOT NULL DEFAULT '', city VARCHAR(100) NOT NULL DEFAULT '', state VARCHAR(100) NOT NULL DEFAULT '');
CREATE TABLE {p}wc_download_log (download_log_id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, timestamp DATETIME NOT NULL, permission_id BIGINT UNSIGNED NOT NULL, user_id BIGINT UNSIGNED, user_ip_address VARCHAR(100) DEFAULT '');
CREATE TABLE {p}woocommerce_sessions (session_id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, session_key CHAR(32) NOT NULL UNIQUE, session_value LONGTEXT NOT NULL, session_expiry BIGINT UNSIGNED NOT NULL);
CREATE TABLE {p}woocommerce_payment_tokens (token_id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, gateway_id VARCHAR(200) NOT NULL, token TEXT NOT NULL, user_id BIGINT UNSIGNED NOT NULL DEFAULT 0, type VARCHAR(200) NOT NULL, is_default TINYINT NOT NULL DEFAULT 0);
CREATE TABLE {p}woocommerce_payment_tokenmeta (meta_id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, payment_token_id BIGINT UNSIGNED NOT NULL, meta_key VARCHAR(255), meta_value LONGTEXT);
CREATE TABLE {p}woocommerce_api_keys (key_id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, user_id BIGINT UNSIGNED NOT NULL, description VARCHAR(200), permissions VARCHAR(10) NOT NULL,
  consumer_key CHAR(64) NOT NULL, consumer_secret CHAR(43) NOT NULL, nonces LONGTEXT, truncated_key CHAR(7) NOT NULL, last_access DATETIME);
CREATE TABLE {p}actionscheduler_actions (action_id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, hook VARCHAR(191) NOT NULL, status VARCHAR(20) NOT NULL, scheduled_date_gmt DATETIME, args VARCHAR(191),
  schedule LONGTEXT, group_id BIGINT UNSIGNED NOT NULL DEFAULT 0, attempts INT NOT NULL DEFAULT 0, claim_id BIGINT UNSIGNED NOT NULL DEFAULT 0, extended_args VARCHAR(8000), priority TINYINT UNSIGNED NOT NULL DEFAULT 10);
CREATE TABLE {p}actionscheduler_claims (claim_id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, date_created_gmt DATETIME);
CREATE TABLE {p}actionscheduler_groups (group_id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, slug VARCHAR(255) NOT NULL);
CREATE TABLE {p}actionscheduler_logs (log_id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, action_id BIGINT UNSIGNED NOT NULL, message TEXT NOT NULL, log_date_gmt DATETIME);
CREATE TABLE {p}pmpro_membership_orders (id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, code VARCHAR(32) NOT NULL UNIQUE, user_id BIGINT UNSIGNED, billing_name VARCHAR(128), billing_street VARCHAR(128), billing_street2 VARCHAR(128),
  billing_city VARCHAR(128), billing_state VARCHAR(32), billing_zip VARCHAR(16), billing_country VARCHAR(128), billing_phone VARCHAR(32), total VARCHAR(16), accountnumber VARCHAR(32), status VARCHAR(32),
  gateway VARCHAR(64), payment_transaction_id VARCHAR(64), subscription_transaction_id VARCHAR(32), notes TEXT);
CREATE TABLE {p}edd_customers (id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, user_id BIGINT UNSIGNED, email VARCHAR(100) NOT NULL UNIQUE, name VARCHAR(255), status VARCHAR(20), purchase_value DECIMAL(18,9), purchase_count BIGINT);
CREATE TABLE {p}edd_orders (id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, status VARCHAR(20), type VARCHAR(20), user_id BIGINT UNSIGNED, customer_id BIGINT UNSIGNED, email VARCHAR(100), ip VARCHAR(60), gateway VARCHAR(100), total DECIMAL(18,9));
CREATE TABLE {p}gf_entry (id INT UNSIGNED PRIMARY KEY AUTO_INCREMENT, form_id MEDIUMINT UNSIGNED NOT NULL, date_created DATETIME, ip VARCHAR(45), source_url VARCHAR(200), user_agent VARCHAR(250), created_by BIGINT UNSIGNED, transaction_id VARCHAR(50), status VARCHAR(20));
CREATE TABLE {p}gf_entry_meta (id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, form_id MEDIUMINT UNSIGNED NOT NULL DEFAULT 0, entry_id BIGINT UNSIGNED NOT NULL, meta_key VARCHAR(255), meta_value LONGTEXT, item_index VARCHAR(60));
"""

#: Table -> rows ({column: value}). A subscription is an order of the type shop_subscription.
_ORDER = {"status": "wc-completed", "currency": "EUR", "tax_amount": 1, "total_amount": 12.5, "customer_id": 2, "billing_email": "Zqjxvkanna@mail.example", "payment_method": "bacs",
          "transaction_id": "Zqjxvk-tx-1", "ip_address": "Zqjxvk.203.0.113.7", "user_agent": "Zqjxvk browser", "customer_note": "Zqjxvk ring twice"}
_ADDRESS = {"order_id": 11, "first_name": "Zqjxvkanna", "last_name": "Zqjxvkonym", "company": "Zqjxvk and Co", "address_1": "Zqjxvk street 1", "address_2": "Zqjxvk floor", "city": "Zqjxvkville", "postcode": "Zqjxvk12 3AB",
            "country": "AT", "email": "Zqjxvkanna@mail.example", "phone": "Zqjxvk+43 1 234567"}
ROWS = {
    "users": [{"ID": 1, "user_login": "keeper", "user_email": "keeper@shop.example", "user_pass": "$P$keeper", "display_name": "Keeper"},
              {"ID": 2, "user_login": "Zqjxvkanna", "user_pass": "$P$Zqjxvkhash", "user_nicename": "Zqjxvkanna", "user_email": "Zqjxvkanna@mail.example", "user_url": "https://Zqjxvkanna.example", "user_activation_key": "Zqjxvkkey", "display_name": "Zqjxvkanna Zqjxvkonym"}],
    "usermeta": [{"umeta_id": 50, "user_id": 1, "meta_key": "wp_capabilities", "meta_value": 'a:1:{s:13:"administrator";b:1;}'}]
    + [{"umeta_id": 60 + at, "user_id": 2, "meta_key": key, "meta_value": "Zqjxvk " + key} for at, key in enumerate((
        "first_name", "last_name", "nickname", "description", "billing_first_name", "billing_last_name", "billing_company", "billing_address_1", "billing_address_2", "billing_city",
        "billing_postcode", "billing_email", "billing_phone", "shipping_first_name", "shipping_last_name", "shipping_address_1", "shipping_city", "shipping_phone", "session_tokens",
        "_woocommerce_persistent_cart_1", "pmpro_bfirstname", "pmpro_baddress1", "pmpro_bphone", "pmpro_bemail", "_application_passwords", "wp__stripe_customer_id", "_wcpay_customer_id_live"))],
    "comments": [{"comment_ID": 1, "comment_author": "Zqjxvkanna", "comment_author_email": "Zqjxvkanna@mail.example", "comment_author_url": "https://Zqjxvkanna.example", "comment_author_IP": "Zqjxvk203.0.113.7",
                  "comment_content": "Lovely", "comment_agent": "Zqjxvk browser"},
                 {"comment_ID": 2, "comment_author": "WooCommerce", "comment_content": "Refunded to Zqjxvkanna, Zqjxvk street 1", "comment_type": "order_note"}],
    "postmeta": [{"meta_id": 1 + at, "post_id": 9, "meta_key": key, "meta_value": "Zqjxvk " + key} for at, key in enumerate((
        "_billing_first_name", "_billing_last_name", "_billing_company", "_billing_address_1", "_billing_address_2", "_billing_city", "_billing_postcode", "_billing_email", "_billing_phone",
        "_shipping_first_name", "_shipping_address_1", "_shipping_postcode", "_customer_ip_address", "_customer_user_agent", "_transaction_id", "_billing_address_index", "_edd_payment_user_email", "_edd_payment_meta", "_stripe_customer_id", "_wc_order_attribution_user_agent", "Payer first name"))],
    "wc_orders": [{**_ORDER, "id": 11, "type": "shop_order"}, {**_ORDER, "id": 12, "type": "shop_subscription", "parent_order_id": 11}],
    "wc_order_addresses": [{**_ADDRESS, "address_type": kind} for kind in ("billing", "shipping")],
    "wc_orders_meta": [{"order_id": 11, "meta_key": key, "meta_value": "Zqjxvk " + key} for key in ("_billing_address_index", "_stripe_customer_id", "_wc_order_attribution_user_agent", "_ppcp_paypal_payer_email", "Payer PayPal address", "_mollie_customer_id", "gift_recipient_email")],
    "wc_customer_lookup": [{"user_id": 2, "username": "Zqjxvkanna", "first_name": "Zqjxvkanna", "last_name": "Zqjxvkonym", "email": "Zqjxvkanna@mail.example", "postcode": "Zqjxvk12 3AB", "city": "Zqjxvkville", "country": "AT"}],
    "wc_download_log": [{"timestamp": "2026-01-01", "permission_id": 1, "user_ip_address": "Zqjxvk203.0.113.7"}],
    "woocommerce_sessions": [{"session_key": "Zqjxvk-session", "session_value": 'a:1:{s:8:"customer";s:10:"Zqjxvkanna";}', "session_expiry": 1}],
    "woocommerce_payment_tokens": [{"gateway_id": "stripe", "token": "Zqjxvk_pm_1", "user_id": 2, "type": "CC"}],
    "woocommerce_payment_tokenmeta": [{"payment_token_id": 1, "meta_key": "last4", "meta_value": "Zqjxvk4242"}],
    "woocommerce_api_keys": [{"user_id": 1, "permissions": "read", "consumer_key": "Zqjxvk_ck", "consumer_secret": "Zqjxvk_cs", "truncated_key": "Zqjxvk1"}],
    "actionscheduler_actions": [{"hook": "woocommerce_scheduled_subscription_payment", "status": "pending", "scheduled_date_gmt": "2026-01-01", "args": '["Zqjxvkanna@mail.example"]', "extended_args": '["Zqjxvk"]'}],
    "actionscheduler_logs": [{"action_id": 1, "message": "sent to Zqjxvkanna@mail.example"}],
    "actionscheduler_groups": [{"slug": "wc-renewals"}],
    "pmpro_membership_orders": [{"code": "C1", "user_id": 2, "billing_name": "Zqjxvkanna", "billing_street": "Zqjxvk street", "billing_street2": "Zqjxvk", "billing_city": "Zqjxvkville", "billing_zip": "Zqjxvk1", "billing_phone": "Zqjxvk+43",
                                 "accountnumber": "Zqjxvk4242", "status": "success", "payment_transaction_id": "Zqjxvkt", "subscription_transaction_id": "Zqjxvks", "notes": "Zqjxvk note"}],
    "edd_customers": [{"user_id": 2, "email": "Zqjxvkanna@mail.example", "name": "Zqjxvkanna", "status": "active", "purchase_count": 1}],
    "edd_orders": [{"status": "complete", "type": "sale", "user_id": 2, "customer_id": 1, "email": "Zqjxvkanna@mail.example", "ip": "Zqjxvk203.0.113.7", "total": 5}],
    "gf_entry": [{"form_id": 1, "ip": "Zqjxvk203.0.113.7", "source_url": "https://shop.example/?mail=Zqjxvkanna", "user_agent": "Zqjxvk browser", "transaction_id": "Zqjxvkt", "status": "active"}],
    "gf_entry_meta": [{"form_id": 1, "entry_id": 1, "meta_key": "1.3", "meta_value": "Zqjxvkanna"}],
}


def fill(server, schema, prefix):
    """The tables, with their rows, in a schema in which WordPress's other tables are."""
    server.sql(SCHEMA.format(p=prefix), schema)
    for table, rows in ROWS.items():
        for row in rows:
            values = ", ".join(str(value) if isinstance(value, (int, float)) else "'%s'" % value.replace("'", "''") for value in row.values())
            server.sql("INSERT INTO %s%s (%s) VALUES (%s)" % (prefix, table, ", ".join(row), values), schema)
