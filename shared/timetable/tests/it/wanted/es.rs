//! Asked in Spanish on Thursday, 17 June 2027.

use chrono::Datelike;
use chrono::Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};

use super::{Send, Wanted};

/// What is still to come.
#[rustfmt::skip]
pub const WANTED: &[Wanted] = &[
    // Months.
    ("partidos en casa los fines de semana de julio", |e| e.home() && e.weekend() && e.month(7)),
    ("partidos de local en julio", |e| e.home() && e.month(7)),
    ("de visitante en agosto", |e| e.away() && e.month(8)),
    ("partidos fuera de casa en septiembre", |e| e.away() && e.month(9)),
    ("setiembre", |e| e.month(9)),
    ("partidos en julio y agosto", |e| e.game() && (e.month(7) || e.month(8))),
    ("de julio a septiembre de visita", |e| e.away() && e.between((7, 1), (9, 30))),
    ("diciembre", |e| e.month(12)),
    ("enero 2028", |e| e.day.year() == 2028 && e.day.month() == 1),
    // Days of the week.
    ("sábados de julio", |e| e.day(Sat) && e.month(7)),
    ("los domingos en casa", |e| e.home() && e.day(Sun)),
    ("viernes por la noche", |e| e.day(Fri) && e.evening()),
    ("partidos en casa entre semana", |e| e.home() && !e.weekend()),
    ("en casa menos los lunes", |e| e.home() && !e.day(Mon)),
    ("partidos en casa excepto domingos", |e| e.home() && !e.day(Sun)),
    ("miércoles o jueves", |e| e.day(Wed) || e.day(Thu)),
    ("sab y dom en casa", |e| e.home() && e.weekend()),
    ("partidos de lunes a viernes en julio", |e| e.game() && !e.weekend() && e.month(7)),
    ("no en fin de semana, en casa", |e| e.home() && !e.weekend()),
    ("martes de visitante", |e| e.away() && e.day(Tue)),
    // From today.
    ("hoy", |e| e.on(6, 17)),
    ("esta noche", |e| e.on(6, 17) && e.evening()),
    ("mañana", |e| e.on(6, 18)),
    ("mañana por la noche", |e| e.on(6, 18) && e.evening()),
    ("pasado mañana", |e| e.on(6, 19)),
    ("este finde", |e| e.between((6, 19), (6, 20))),
    ("este fin de semana", |e| e.between((6, 19), (6, 20))),
    ("la semana que viene", |e| e.between((6, 21), (6, 27))),
    ("partidos la próxima semana", |e| e.game() && e.between((6, 21), (6, 27))),
    ("este mes en casa", |e| e.home() && e.month(6)),
    ("el mes que viene", |e| e.month(7)),
    ("en las próximas dos semanas", |e| e.between((6, 17), (7, 1))),
    ("el resto de la temporada", |_| true),
    ("qué hay hoy", |e| e.on(6, 17)),
    // The next and the last.
    ("próximo partido", |e| e.game() && e.on(6, 17)),
    ("el próximo partido en casa", |e| e.home() && e.on(6, 17)),
    ("próximo partido contra boston", |e| e.on(7, 16)),
    ("cuándo es el próximo concierto", |e| e.on(6, 25)),
    ("último partido del año", |e| e.on(10, 3)),
    // Days.
    ("4/7", |e| e.on(7, 4)),
    ("04/07/2027", |e| e.on(7, 4)),
    ("4-7-2027", |e| e.on(7, 4)),
    ("4 de julio", |e| e.on(7, 4)),
    ("el 4 de julio de 2027", |e| e.on(7, 4)),
    ("4 jul", |e| e.on(7, 4)),
    ("domingo 4 de julio", |e| e.on(7, 4)),
    ("del 2 al 4 de julio", |e| e.between((7, 2), (7, 4))),
    ("entre el 23 y el 27 de junio", |e| e.between((6, 23), (6, 27))),
    ("desde el 16 hasta el 25 de julio", |e| e.between((7, 16), (7, 25))),
    ("a partir del 15 de agosto", |e| e.from(8, 15)),
    ("hasta el 4 de julio", |e| e.until(7, 4)),
    ("después del 4 de julio fuera", |e| e.away() && e.from(7, 5)),
    ("en casa antes del 4 de julio", |e| e.home() && e.until(7, 3)),
    ("primera semana de agosto", |e| e.between((8, 1), (8, 7))),
    ("última semana de julio", |e| e.between((7, 25), (7, 31))),
    ("la primera quincena de julio", |e| e.between((7, 1), (7, 15))),
    // Times of day.
    ("después de las 18 h", |e| e.after("18:00")),
    ("partidos despues de las 6 de la tarde", |e| e.game() && e.after("18:00")),
    ("partidos a las 7 de la tarde", |e| e.game() && e.within("19:00", "20:00")),
    ("antes del mediodía", |e| e.before("12:00")),
    ("por la mañana", |e| e.before("12:00")),
    ("domingos por la tarde en casa", |e| e.home() && e.day(Sun) && e.after("12:00")),
    ("partidos nocturnos contra tampa", |e| e.vs("Tampa") && e.evening()),
    ("conciertos después de las 21:00", |e| e.concert() && e.after("21:00")),
    // Whom and where.
    ("contra tampa", |e| e.vs("Tampa")),
    ("contra los herons en casa", |e| e.home() && e.vs("Herons")),
    ("rovers contra denver de visitante", |e| e.away() && e.vs("Denver")),
    ("partidos contra tampa o boston", |e| e.vs("Tampa") || e.vs("Boston")),
    ("san jose", |e| e.about("San José")),
    ("nueva york", |e| e.about("New York")),
    ("partidos de kansas city", |e| e.game() && e.about("Kansas City")),
    ("conciertos en denver", |e| e.concert() && e.at("Denver")),
    ("concierto en zurich", |e| e.concert() && e.at("Zürich")),
    ("hay algún concierto en agosto?", |e| e.concert() && e.month(8)),
    ("entrada libre", |e| e.says("Entrada libre")),
    ("boleros", |e| e.says("Boleros")),
    ("partidos cancelados", |e| e.game() && e.off()),
    ("con entradas", |e| e.says("Tickets")),
    // In a hurry.
    ("partidos en agsoto", |e| e.game() && e.month(8)),
    ("sabdos en casa", |e| e.home() && e.day(Sat)),
    ("proximo partido en caza", |e| e.home() && e.on(6, 17)),
    ("partidos en juilo", |e| e.game() && e.month(7)),
    ("quiero ver los partidos en casa de agosto", |e| e.home() && e.month(8)),
];

/// With an address to send to.
#[rustfmt::skip]
pub const SENDS: &[Send] = &[
    ("mándame los partidos en casa de julio a ana@example.com", "ana@example.com", |e| e.home() && e.month(7)),
    ("conciertos de agosto kim@example.org", "kim@example.org", |e| e.concert() && e.month(8)),
    ("envía los partidos contra tampa a eva@example.es por favor", "eva@example.es", |e| e.vs("Tampa")),
    ("mi correo es luz@example.mx, quiero los domingos en casa", "luz@example.mx", |e| e.home() && e.day(Sun)),
];
