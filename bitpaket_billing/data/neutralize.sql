-- disable the FastSpring provider
UPDATE payment_provider
   SET state = 'disabled',
       is_published = false,
       fastspring_username = NULL,
       fastspring_password = NULL,
       fastspring_webhook_secret = NULL
 WHERE code = 'fastspring';
-- hand nothing over to bookkeeping
UPDATE bitpaket_export_target
   SET schedule = 'none',
       delivery = 'download';
