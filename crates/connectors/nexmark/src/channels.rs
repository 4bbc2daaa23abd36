//! The channels that bids come through and the web page that belongs to each.
//!
//! Four channels take half of all bids, ten thousand share the rest. Each has one fixed url, drawn from the
//! seed, so every process has the same table; in the published generator each process draws its own.
use std::fmt::Write;

use crate::random::{Digits, Draws, Seed};

/// The channels that half of all bids come through.
const HOT: [&str; 4] = ["Google", "Facebook", "Baidu", "Apple"];
/// Channels `channel-0`, `channel-1` and so on.
const COLD: u64 = 10_000;
/// P(hot) = 1 - 1/2.
const HOT_RATIO: u64 = 2;

/// Bytes that hold every channel's name.
pub(crate) const NAME_BYTES: usize = 16;
/// Bytes that hold every url: they have 52 to 78 characters.
pub(crate) const URL_BYTES: usize = 80;

/// A short text in a block of fixed size, so that it is copied in a few moves.
#[derive(Clone, Copy)]
pub(crate) struct Block<const N: usize> {
    pub(crate) bytes: [u8; N],
    pub(crate) length: usize,
}

impl<const N: usize> Block<N> {
    fn new(text: &str) -> Block<N> {
        debug_assert!(text.len() <= N, "'{text}' is longer than {N} bytes");
        let length = text.len().min(N);
        let mut bytes = [0; N];
        bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
        Block { bytes, length }
    }
}

/// A channel's name and url.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Channel {
    pub(crate) name: String,
    pub(crate) url: String,
}

/// The number of the channel that one draw gives: 0..4 are the hot ones.
#[inline]
pub(crate) fn draw_channel(mut digits: Digits) -> usize {
    let hot = digits.is_hot(HOT_RATIO);
    let (first, count) = if hot { (0, HOT.len() as u64) } else { (HOT.len() as u64, COLD) };
    (first + digits.below(count)) as usize
}

/// All channels, in the order that [`draw_channel`] numbers them.
pub(crate) fn channels(seed: Seed) -> Vec<Channel> {
    let hot = (0..)
        .zip(HOT)
        .map(|(number, name)| Channel { name: name.to_owned(), url: base_url(seed.draws_of(number)) });
    let cold = (0..COLD).map(|index| {
        let draws = seed.draws_of(HOT.len() as u64 + index);
        let mut url = base_url(draws);
        if draws.digits(1).is_hot(10) {
            // Writing to a string does not fail.
            let _ = write!(url, "&channel_id={}", channel_id(index as i32));
        }
        Channel { name: format!("channel-{index}"), url }
    });
    hot.chain(cold).collect()
}

/// The absolute value of the reversed bits; that of `i32::MIN` (index 1) overflows, as in Java, to itself.
fn channel_id(index: i32) -> i32 {
    index.reverse_bits().wrapping_abs()
}

/// Three directories under the shop.
fn base_url(draws: Draws) -> String {
    let mut digits = draws.digits(0);
    let mut url = "https://www.nexmark.com".to_owned();
    for number in 2..5 {
        url.push('/');
        let mut characters = draws.digits(number);
        for _ in 0..3 + digits.below(2) {
            let letter = b'a' + characters.below(26) as u8;
            url.push(if characters.below(13) == 0 { '_' } else { char::from(letter) });
        }
    }
    url.push_str("/item.htm?query=1");
    url
}

/// All names and urls as blocks, for copying into columns.
pub(crate) struct ChannelBlocks {
    pub(crate) names: Vec<Block<NAME_BYTES>>,
    pub(crate) urls: Vec<Block<URL_BYTES>>,
}

impl ChannelBlocks {
    pub(crate) fn new(channels: &[Channel]) -> ChannelBlocks {
        ChannelBlocks {
            names: channels.iter().map(|channel| Block::new(&channel.name)).collect(),
            urls: channels.iter().map(|channel| Block::new(&channel.url)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Vec<Channel> {
        channels(Seed::new(1, 0))
    }

    #[test]
    fn urls_have_52_to_78_characters_and_63_on_average_over_bids() {
        let table = table();
        let lengths = || table.iter().map(|channel| channel.url.len());
        // 78 takes `channel-1`, whose id alone has a sign, with three long directories.
        assert_eq!((lengths().min(), lengths().max()), (Some(52), Some(77)));
        let hot = lengths().take(4).sum::<usize>() as f64 / 4.0;
        let cold = lengths().skip(4).sum::<usize>() as f64 / 10_000.0;
        assert!((hot / 2.0 + cold / 2.0 - 63.0).abs() < 1.0, "{hot} {cold}");
    }

    #[test]
    fn a_url_is_a_page_three_directories_down() {
        for channel in table() {
            let pieces: Vec<&str> = channel.url.split('/').collect();
            assert_eq!(pieces[..3], ["https:", "", "www.nexmark.com"]);
            for directory in &pieces[3..6] {
                assert!(matches!(directory.len(), 3 | 4), "{directory}");
                assert!(
                    directory.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase()),
                    "{directory}"
                );
            }
            assert!(pieces[6].starts_with("item.htm?query=1"));
        }
    }

    #[test]
    fn nine_in_ten_cold_channels_carry_their_id() {
        let table = table();
        assert!(table[..4].iter().all(|channel| channel.url.ends_with("query=1")));
        let carrying = table.iter().filter(|channel| channel.url.contains("&channel_id=")).count();
        assert!((8_900..9_100).contains(&carrying), "{carrying}");
        assert_eq!([0, 1, 2, 3].map(channel_id), [0, i32::MIN, 1 << 30, 1 << 30]);
    }

    #[test]
    fn half_of_all_bids_come_through_four_channels() {
        let mut counts = [0; 4];
        for id in 0..80_000 {
            let channel = draw_channel(Seed::new(2, 0).draws_of(id).digits(3));
            assert!(channel < 10_004);
            if let Some(count) = counts.get_mut(channel) {
                *count += 1;
            }
        }
        assert!(counts.iter().all(|count| (9_700..10_300).contains(count)), "{counts:?}");
    }
}
