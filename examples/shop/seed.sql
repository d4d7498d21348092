-- The demo shop's own database: what tools of the bot ask. examples/shop/make-database makes shop-data.db of it.
-- Dates are counted from the day it is made, so that orders under way stay under way.
create table products (
    id integer primary key,
    name text not null,
    category text not null,
    price real not null, -- euros
    stock integer not null,
    description text not null,
    search text not null -- what customers may call it, in their languages
);
insert into products (name, category, price, stock, description, search) values
('Aurora One', 'headphones', 49.90, 23, 'On-ear, wired, foldable, 180 g', 'headphones headphone kopfhörer casque auriculares cuffie навушники wired kabel'),
('Aurora Air', 'headphones', 89.00, 12, 'Over-ear, Bluetooth 5.3, 40 hours of battery', 'headphones headphone kopfhörer casque auriculares cuffie навушники wireless bluetooth kabellos sans fil inalámbricos'),
('Aurora Pro', 'headphones', 199.00, 5, 'Over-ear, active noise cancelling, Bluetooth', 'headphones headphone kopfhörer casque auriculares cuffie навушники wireless bluetooth noise cancelling'),
('Pebble Buds', 'headphones', 59.50, 40, 'In-ear, Bluetooth, charging case with 24 hours', 'headphones headphone earbuds kopfhörer ohrhörer casque écouteurs auriculares cuffie навушники wireless bluetooth in-ear'),
('Pebble Sport', 'headphones', 119.00, 0, 'In-ear with ear hooks, waterproof (IPX7)', 'headphones headphone earbuds kopfhörer ohrhörer casque écouteurs auriculares cuffie навушники wireless bluetooth sport'),
('Studio 7', 'headphones', 149.00, 8, 'Closed studio headphones, 3 m cable', 'headphones headphone kopfhörer casque auriculares cuffie навушники studio wired'),
('Lumen 24', 'monitors', 139.00, 14, '24 inch, 1920 x 1080, IPS, 100 Hz', 'monitor monitors screen display bildschirm écran pantalla монітор'),
('Lumen 27Q', 'monitors', 249.00, 9, '27 inch, 2560 x 1440, IPS, 144 Hz, USB-C', 'monitor monitors screen display bildschirm écran pantalla монітор'),
('Lumen 32U', 'monitors', 429.00, 3, '32 inch, 3840 x 2160, USB-C with 90 W', 'monitor monitors screen display bildschirm écran pantalla монітор 4k'),
('Keystone', 'keyboards', 39.00, 31, 'Quiet keyboard, wired, full size', 'keyboard keyboards tastatur clavier teclado tastiera клавіатура'),
('Keystone TKL', 'keyboards', 79.00, 17, 'Mechanical keyboard without number block', 'keyboard keyboards tastatur clavier teclado tastiera клавіатура mechanical mechanisch'),
('Glide', 'mice', 24.90, 52, 'Wireless mouse, 12 months of battery', 'mouse mice maus souris ratón миша wireless'),
('Glide Vertical', 'mice', 44.00, 20, 'Vertical mouse for less strain on the wrist', 'mouse mice maus souris ratón миша ergonomic ergonomisch'),
('Beacon 65', 'chargers', 34.90, 60, 'USB-C charger, 65 W, two ports', 'charger chargers ladegerät netzteil chargeur cargador зарядний usb-c'),
('Beacon 100', 'chargers', 54.90, 26, 'USB-C charger, 100 W, four ports', 'charger chargers ladegerät netzteil chargeur cargador зарядний usb-c'),
('Harbor 7', 'docks', 79.00, 15, 'USB-C hub: HDMI, Ethernet, SD, three USB-A', 'dock docks hub dockingstation station usb-c hdmi'),
('Harbor 12', 'docks', 189.00, 6, 'Docking station for two 4K screens, 100 W', 'dock docks hub dockingstation station usb-c thunderbolt'),
('Echo Mini', 'speakers', 29.90, 33, 'Bluetooth speaker, waterproof, 10 hours', 'speaker speakers lautsprecher enceinte altavoz колонка bluetooth'),
('Echo Room', 'speakers', 129.00, 11, 'Bluetooth and Wi-Fi speaker for a room', 'speaker speakers lautsprecher enceinte altavoz колонка wifi'),
('Vista HD', 'webcams', 49.00, 28, 'Webcam, 1080p, privacy shutter', 'webcam webcams camera kamera caméra cámara камера'),
('Vista 4K', 'webcams', 119.00, 7, 'Webcam, 4K, autofocus, two microphones', 'webcam webcams camera kamera caméra cámara камера 4k'),
('Vault 1T', 'storage', 84.90, 37, 'Portable SSD, 1 TB, 1,000 MB/s', 'ssd storage disk drive festplatte speicher disque disco диск'),
('Vault 2T', 'storage', 149.90, 18, 'Portable SSD, 2 TB, 1,000 MB/s', 'ssd storage disk drive festplatte speicher disque disco диск'),
('Mesh Trio', 'network', 219.00, 4, 'Three Wi-Fi 6 routers that make one network', 'router routers wifi wlan network netzwerk réseau red роутер мережа'),
('Mesh Solo', 'network', 89.00, 13, 'Wi-Fi 6 router', 'router routers wifi wlan network netzwerk réseau red роутер мережа'),
('Slate 11', 'tablets', 349.00, 9, 'Tablet, 11 inch, 128 GB, pen included', 'tablet tablets tablette tableta планшет'),
('Slate 8', 'tablets', 199.00, 16, 'Tablet, 8 inch, 64 GB', 'tablet tablets tablette tableta планшет'),
('Nomad 14', 'laptops', 899.00, 5, 'Laptop, 14 inch, 16 GB, 512 GB, 1.2 kg', 'laptop laptops notebook ordinateur portable portátil ноутбук'),
('Nomad 16', 'laptops', 1299.00, 3, 'Laptop, 16 inch, 32 GB, 1 TB', 'laptop laptops notebook ordinateur portable portátil ноутбук'),
('Tether 2 m', 'cables', 12.90, 90, 'USB-C cable, 2 m, 100 W', 'cable cables kabel câble кабель usb-c');

create table orders (
    number integer primary key,
    customer text not null, -- the user's id at the shop
    state text not null references states (state),
    placed_on text not null,
    expected_on text,
    carrier text,
    tracking text
);
create table order_lines (
    number integer not null references orders (number),
    product integer not null references products (id),
    quantity integer not null
);
create table states (
    state text not null,
    language text not null,
    text text not null,
    primary key (state, language)
);
insert into states values
('placed', 'en', 'placed, not paid yet'), ('placed', 'de', 'eingegangen, noch nicht bezahlt'),
('placed', 'fr', 'reçue, pas encore payée'), ('placed', 'es', 'recibido, aún sin pagar'),
('placed', 'uk', 'отримано, ще не сплачено'), ('placed', 'ar', 'تم الاستلام ولم يُدفع بعد'),
('packed', 'en', 'packed, leaves today'), ('packed', 'de', 'verpackt, geht heute hinaus'),
('packed', 'fr', 'emballée, part aujourd''hui'), ('packed', 'es', 'embalado, sale hoy'),
('packed', 'uk', 'запаковано, вирушає сьогодні'), ('packed', 'ar', 'تم التغليف ويُشحن اليوم'),
('shipped', 'en', 'on its way'), ('shipped', 'de', 'unterwegs'), ('shipped', 'fr', 'en route'),
('shipped', 'es', 'en camino'), ('shipped', 'uk', 'у дорозі'), ('shipped', 'ar', 'في الطريق'),
('delivered', 'en', 'delivered'), ('delivered', 'de', 'zugestellt'), ('delivered', 'fr', 'livrée'),
('delivered', 'es', 'entregado'), ('delivered', 'uk', 'доставлено'), ('delivered', 'ar', 'تم التسليم');

insert into orders values
(1041, 'anna', 'delivered', date('now', '-9 days'), date('now', '-5 days'), 'DHL', 'JD0146000041'),
(1042, 'anna', 'shipped', date('now', '-2 days'), date('now', '+1 days'), 'DHL', 'JD0146000042'),
(1043, 'bert', 'packed', date('now', '-1 days'), date('now', '+3 days'), 'DPD', null),
(1044, 'olena', 'shipped', date('now', '-4 days'), date('now', '+2 days'), 'Nova Poshta', 'NP2000000044'),
(1045, 'carmen', 'placed', date('now'), null, null, null),
(1046, 'luc', 'delivered', date('now', '-20 days'), date('now', '-15 days'), 'Colissimo', 'CO0000000046');
insert into order_lines values
(1041, 7, 1), (1042, 2, 1), (1042, 30, 2), (1043, 28, 1), (1044, 11, 1), (1044, 12, 1), (1045, 24, 1), (1046, 18, 2);
