-- disable the FastSpring provider
UPDATE payment_provider
   SET fastspring_username = NULL,
       fastspring_password = NULL,
       fastspring_webhook_secret = NULL
 WHERE code = 'fastspring';
