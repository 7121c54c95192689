/** A whole site's configuration, as a site would write it. */
export const EXAMPLE = `version: 1
site: acme-shop
path: [staging, production]
environments:
  staging:
    type: staging
    branch: staging
    url: https://staging.acme.example
    host: web-staging
    root: /srv/www/staging
    database: {name: acme_staging, prefix: xyz_}
    cloned_from: production
  production:
    type: production
    branch: production
    url: https://acme.example
    host: web-1
    root: /srv/www/acme
    database: {name: acme, prefix: wp_}
promotion:
  preset: commerce-protect
  drift: strict
  tables: {promote: [acme_widgets], protect: [acme_bookings]}
  options: {keep: ["acme_licence_*"], promote: ["theme_mods_*"]}
  files: {protect: [wp-content/uploads], shared: [.htaccess], volatile: [wp-content/uploads/cache]}
  backup: {max_age: 90s}
health:
  - {path: /, status: 200, contains: "Acme", within_s: 10}
  - {path: /shop/, contains: "Add to cart"}
checklist: ["Place a test order", "Check the contact form"]
`;
