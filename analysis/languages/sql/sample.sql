-- expect: table shop.customers 17-20
-- expect: constant customers_name 22-22
-- expect: table active 24-25
-- expect: function add_one 27-31
-- expect: type mood 33-33
-- expect: constant ticket 35-35
-- expect: function audit.trail 39-46
-- expect: type postcode 50-50
-- expect: table dbo.Orders 52-54
-- expect: function dbo.GetOrders 56-62
-- expect: function tidy 65-69
-- expect: table docs 71-71
-- expect: function touch 72-72
-- expect: table last_one 73-73

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

CREATE OR REPLACE FUNCTION audit.trail() RETURNS trigger AS $body$
DECLARE
  n int;
BEGIN
  n := 1; -- not SQL for the grammar
  RETURN NEW;
END;
$body$ LANGUAGE plpgsql;

DO $$ BEGIN PERFORM 1; END $$;

CREATE DOMAIN postcode AS text CHECK (VALUE ~ '^\d{5}$');

CREATE TABLE [dbo].[Orders](
  [Id] [int] IDENTITY(1,1) NOT NULL
) ON [PRIMARY]
GO
CREATE PROCEDURE [dbo].[GetOrders] @from datetime, @to datetime = NULL
AS
BEGIN
  SET NOCOUNT ON;
  SELECT * FROM dbo.Orders
END
GO

DELIMITER ;;
CREATE DEFINER=`root`@`%` PROCEDURE `tidy`(IN days INT)
BEGIN
  DECLARE n INT DEFAULT 0;
  DELETE FROM users WHERE age > days;
END ;;
DELIMITER ;
CREATE VIRTUAL TABLE docs USING fts5(title, body);
CREATE TRIGGER IF NOT EXISTS touch AFTER INSERT ON users BEGIN UPDATE users SET name = 'x'; END;
CREATE TABLE last_one (id int);
