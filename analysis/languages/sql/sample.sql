-- expect: table shop.customers 9-12
-- expect: constant customers_name 14-14
-- expect: table active 16-17
-- expect: function add_one 19-23
-- expect: type mood 25-25
-- expect: constant ticket 27-27

-- People who buy.
CREATE TABLE IF NOT EXISTS shop.customers (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL
);

CREATE UNIQUE INDEX customers_name ON shop.customers (name);

CREATE OR REPLACE VIEW active AS
SELECT id, name FROM shop.customers WHERE id > 10;

CREATE FUNCTION add_one(n integer) RETURNS integer
LANGUAGE sql
AS $$
  SELECT n + 1;
$$;

CREATE TYPE mood AS ENUM ('sad', 'happy');

CREATE SEQUENCE ticket;

INSERT INTO shop.customers (id, name) VALUES (1, 'Ann');
