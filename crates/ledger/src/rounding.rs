//! The one rounding rule: to the nearest minor unit, a half to the even one (ISO 80000-1:2009, annex B, rule A; roundTiesToEven of
//! IEEE 754). It favours neither side over many amounts.

/// `numerator / denominator`, rounded; the denominator is above zero.
pub fn half_to_even(numerator: i128, denominator: i128) -> i128 {
    let (quotient, rest) = (numerator.div_euclid(denominator), numerator.rem_euclid(denominator));
    let up = match (2 * rest).cmp(&denominator) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => quotient.rem_euclid(2) == 1,
        std::cmp::Ordering::Greater => true,
    };
    quotient + i128::from(up)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_goes_to_the_even_neighbour() {
        for (numerator, rounded) in
            [(5, 2), (15, 8), (25, 12), (-5, -2), (-15, -8), (14, 7), (13, 6), (-13, -6)]
        {
            assert_eq!(half_to_even(numerator, 2), rounded, "{numerator} / 2");
        }
        assert_eq!(half_to_even(149, 100), 1);
        assert_eq!(half_to_even(151, 100), 2);
        assert_eq!(half_to_even(-151, 100), -2);
    }
}
