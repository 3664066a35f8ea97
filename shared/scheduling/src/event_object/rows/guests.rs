//! Guests and what they have answered.

use itip::{
    Answer, Attendee, CalAddress, Choice, Delivery, InstanceAnswer, Method, Order, Origin, PartStat, Sent, Sequence,
    Timestamp,
};
use store::{Row, SqlConn, StoreError, Value};

use super::{address, from_word, json, maybe_address, word};

pub(in crate::event_object) fn log_answer(
    conn: &dyn SqlConn,
    address: &CalAddress,
    answer: &Answer,
) -> Result<(), StoreError> {
    let params = [address.as_str().into(), json(answer)?];
    conn.run("INSERT INTO answer (address, answer) VALUES (?1, ?2)", &params).map(drop)
}

/// A guest and the key his client is counted under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::event_object) struct Guest {
    pub attendee: Attendee,
    pub client: String,
}

macro_rules! select_guest {
    ($rest:literal) => {
        concat!(
            "SELECT address, name, origin, invited, partstat, last_choice, answered_sequence, answered_dtstamp, \
             answered_at, prodid, client, comment, sent_method, sent_revision, maybe_method, maybe_revision, \
             delivery, request_status, language, delegated_to, delegated_from, removed, floor_sequence, \
             floor_dtstamp, refreshed FROM attendee ",
            $rest
        )
    };
}

fn read_guest(row: &Row) -> Result<Guest, StoreError> {
    let sent = |method: usize, revision: usize| -> Result<Option<Sent>, StoreError> {
        let Some(word) = row.maybe_text(method)? else {
            return Ok(None);
        };
        let method = Method::parse(word).ok_or(StoreError::Shape { column: method, wanted: "method" })?;
        Ok(Some(Sent { method, revision: row.count(revision)? }))
    };
    let answered = match (row.maybe_integer(6)?, row.maybe_integer(7)?) {
        (Some(sequence), Some(dtstamp)) => {
            Some(Order { sequence: Sequence(u32::try_from(sequence).unwrap_or(u32::MAX)), dtstamp: Timestamp(dtstamp) })
        }
        _ => None,
    };
    Ok(Guest {
        attendee: Attendee {
            address: address(row, 0)?,
            name: row.text(1)?.to_owned(),
            origin: Origin::parse(row.text(2)?).ok_or(StoreError::Shape { column: 2, wanted: "origin" })?,
            invited: Timestamp(row.integer(3)?),
            partstat: PartStat::parse(row.text(4)?),
            last_choice: row.maybe_text(5)?.map(from_word::<Choice>).transpose()?,
            answered,
            answered_at: row.maybe_integer(8)?.map(Timestamp),
            prodid: row.text(9)?.to_owned(),
            comment: row.text(11)?.to_owned(),
            request_status: row.text(17)?.to_owned(),
            instances: Vec::new(),
            language: row.text(18)?.to_owned(),
            delegated_to: maybe_address(row, 19)?,
            delegated_from: maybe_address(row, 20)?,
            removed: row.integer(21)? != 0,
            floor: Order { sequence: Sequence(row.count(22)?), dtstamp: Timestamp(row.integer(23)?) },
            refreshed: row.maybe_integer(24)?.map(Timestamp),
            sent: sent(12, 13)?,
            maybe_sent: sent(14, 15)?,
            delivery: from_word::<Delivery>(row.text(16)?)?,
        },
        client: row.text(10)?.to_owned(),
    })
}

pub(in crate::event_object) fn guest(conn: &dyn SqlConn, address: &CalAddress) -> Result<Option<Guest>, StoreError> {
    let rows = conn.run(select_guest!("WHERE address = ?1"), &[address.as_str().into()])?;
    let Some(row) = rows.first() else { return Ok(None) };
    let mut guest = read_guest(row)?;
    let answers =
        conn.run("SELECT answer FROM instance_answer WHERE address = ?1 ORDER BY instant", &[address.as_str().into()])?;
    guest.attendee.instances = answers.iter().map(|row| row.json(0)).collect::<Result<_, _>>()?;
    Ok(Some(guest))
}

/// Whether somebody has been invited in a guest's place.
pub(in crate::event_object) fn has_delegate(conn: &dyn SqlConn, delegator: &CalAddress) -> Result<bool, StoreError> {
    let rows = conn.run("SELECT 1 FROM attendee WHERE delegated_from = ?1 LIMIT 1", &[delegator.as_str().into()])?;
    Ok(!rows.is_empty())
}

/// A page of the list by address; whoever was taken off it is not on it.
pub(in crate::event_object) fn guests_after(
    conn: &dyn SqlConn,
    after: &str,
    limit: u32,
) -> Result<Vec<Guest>, StoreError> {
    let params = [after.into(), limit.into()];
    let rows = conn.run(select_guest!("WHERE address > ?1 AND removed = 0 ORDER BY address LIMIT ?2"), &params)?;
    let mut guests: Vec<Guest> = rows.iter().map(read_guest).collect::<Result<_, _>>()?;
    let (Some(first), Some(last)) = (guests.first(), guests.last()) else { return Ok(guests) };
    let answers = conn.run(
        "SELECT address, answer FROM instance_answer WHERE address BETWEEN ?1 AND ?2 ORDER BY address, instant",
        &[first.attendee.address.as_str().into(), last.attendee.address.as_str().into()],
    )?;
    for row in &answers {
        let address = address(row, 0)?;
        if let Ok(at) = guests.binary_search_by(|guest| guest.attendee.address.as_str().cmp(address.as_str()))
            && let Some(guest) = guests.get_mut(at)
        {
            guest.attendee.instances.push(row.json(1)?);
        }
    }
    Ok(guests)
}

/// Stores what a guest says of one instance.
pub(in crate::event_object) fn put_instance_answer(
    conn: &dyn SqlConn,
    guest: &CalAddress,
    answer: &InstanceAnswer,
) -> Result<(), StoreError> {
    conn.run(
        "INSERT OR REPLACE INTO instance_answer (address, instant, answer, partstat, sequence) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
        &[
            guest.as_str().into(),
            answer.instant().into(),
            json(answer)?,
            answer.partstat.as_str().into(),
            answer.order.sequence.0.into(),
        ],
    )
    .map(drop)
}

/// Listed guests by the answer that counts from a SEQUENCE on: (PARTSTAT, how many). Reads every guest.
pub(in crate::event_object) fn answers_from(
    conn: &dyn SqlConn,
    reset: Sequence,
) -> Result<Vec<(PartStat, u32)>, StoreError> {
    let rows = conn.run(
        "SELECT CASE WHEN answered_sequence >= ?1 THEN partstat ELSE 'NEEDS-ACTION' END AS stands, COUNT(*) \
         FROM attendee WHERE removed = 0 GROUP BY stands",
        &[reset.0.into()],
    )?;
    rows.iter().map(|row| Ok((PartStat::parse(row.text(0)?), row.count(1)?))).collect()
}

/// Listed guests who answered an instance apart, by what stands for the series and what they say of the instance.
pub(in crate::event_object) fn answers_apart(
    conn: &dyn SqlConn,
    instant: Timestamp,
    reset: Sequence,
) -> Result<Vec<(PartStat, PartStat, u32)>, StoreError> {
    let rows = conn.run(
        "SELECT CASE WHEN attendee.answered_sequence >= ?2 THEN attendee.partstat ELSE 'NEEDS-ACTION' END AS stands, \
         apart.partstat, COUNT(*) FROM instance_answer AS apart JOIN attendee ON attendee.address = apart.address \
         WHERE apart.instant = ?1 AND apart.sequence >= ?2 AND attendee.removed = 0 GROUP BY stands, apart.partstat",
        &[instant.into(), reset.0.into()],
    )?;
    rows.iter().map(|row| Ok((PartStat::parse(row.text(0)?), PartStat::parse(row.text(1)?), row.count(2)?))).collect()
}

pub(in crate::event_object) fn put_guest(conn: &dyn SqlConn, guest: &Guest) -> Result<(), StoreError> {
    let Guest { attendee, client } = guest;
    let choice = attendee.last_choice.as_ref().map(word).transpose()?.unwrap_or(Value::Null);
    let sent = |sent: Option<Sent>| -> [Value; 2] {
        [sent.map(|sent| sent.method.as_str()).into(), sent.map(|sent| sent.revision).into()]
    };
    let [sent_method, sent_revision] = sent(attendee.sent);
    let [maybe_method, maybe_revision] = sent(attendee.maybe_sent);
    conn.run(
        "INSERT OR REPLACE INTO attendee (address, name, origin, invited, partstat, last_choice, answered_sequence, \
         answered_dtstamp, answered_at, prodid, client, comment, sent_method, sent_revision, maybe_method, \
         maybe_revision, delivery, request_status, language, delegated_to, delegated_from, removed, floor_sequence, \
         floor_dtstamp, refreshed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, \
         ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25)",
        &[
            attendee.address.as_str().into(),
            attendee.name.as_str().into(),
            attendee.origin.as_str().into(),
            attendee.invited.into(),
            attendee.partstat.as_str().into(),
            choice,
            attendee.answered.map(|order| order.sequence.0).into(),
            attendee.answered.map(|order| order.dtstamp).into(),
            attendee.answered_at.into(),
            attendee.prodid.as_str().into(),
            client.as_str().into(),
            attendee.comment.as_str().into(),
            sent_method,
            sent_revision,
            maybe_method,
            maybe_revision,
            word(&attendee.delivery)?,
            attendee.request_status.as_str().into(),
            attendee.language.as_str().into(),
            attendee.delegated_to.as_ref().map(CalAddress::as_str).into(),
            attendee.delegated_from.as_ref().map(CalAddress::as_str).into(),
            attendee.removed.into(),
            attendee.floor.sequence.0.into(),
            attendee.floor.dtstamp.into(),
            attendee.refreshed.into(),
        ],
    )
    .map(drop)
}

/// The next guests a round looks at: those that [`itip::is_due`] may find due, by address.
pub(in crate::event_object) fn round_guests(
    conn: &dyn SqlConn,
    after: &str,
    limit: u32,
    everyone: bool,
) -> Result<Vec<CalAddress>, StoreError> {
    let rows = conn.run(
        "SELECT address FROM attendee WHERE address > ?1 AND delivery = 'open' AND (last_choice IN ('yes', 'maybe') \
         OR EXISTS (SELECT 1 FROM instance_answer WHERE instance_answer.address = attendee.address) \
         OR (last_choice IS NULL AND (?3 OR sent_method = 'CANCEL' OR maybe_method = 'CANCEL' \
         OR (sent_method IS NULL AND maybe_method IS NULL)))) \
         ORDER BY address LIMIT ?2",
        &[after.into(), limit.into(), everyone.into()],
    )?;
    rows.iter().map(|row| address(row, 0)).collect()
}
