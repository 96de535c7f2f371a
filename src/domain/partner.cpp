// Identifier syntax, messages.md section 3:
//   organisation = icd ":" org [ ":" part [ ":" source ] ] | 9DIGIT        icd = 4DIGIT, org and part 1-35 characters
//   person       = 11DIGIT with both control digits right
//   FIKS IO      = UUID
//   health actor = "her-id:" positive-integer | "fastlege-for:" 11DIGIT
#include "domain/partner.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

namespace kanal::domain {
namespace {

constexpr std::string_view norwegian_icd = "0192";
/// The Norwegian scheme of old documents; no longer valid, and worth a sentence of its own.
constexpr std::string_view withdrawn_icd = "9908";
constexpr std::size_t longest_identifier = 35;
constexpr std::size_t most_her_id_digits = 10;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_digits(std::string_view text, std::size_t count) {
  return text.size() == count && std::ranges::all_of(text, is_digit);
}

std::size_t characters_in(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20U || c == 0x7F; }

bool is_org_field(std::string_view text) {
  return !text.empty() && characters_in(text) <= longest_identifier && std::ranges::none_of(text, is_control);
}

bool is_part_field(std::string_view text) { return is_org_field(text) && text.find(' ') == std::string_view::npos; }

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> fields;
  for (auto colon = text.find(':'); colon != std::string_view::npos; colon = text.find(':')) {
    fields.push_back(text.substr(0, colon));
    text.remove_prefix(colon + 1);
  }
  fields.push_back(text);
  return fields;
}

std::optional<Partner> organisation(std::string_view value) {
  if (is_orgnr(value)) {
    return Partner{.kind = Partner::Kind::organisation,
                   .value = std::string(norwegian_icd) + ":" + std::string(value),
                   .icd = std::string(norwegian_icd),
                   .primary = std::string(value),
                   .part = {},
                   .source = {}};
  }
  const auto fields = split(value);
  if (fields.size() < 2 || fields.size() > 4) return std::nullopt;
  if (!is_digits(fields[0], 4) || fields[0] == withdrawn_icd || !is_org_field(fields[1])) return std::nullopt;
  if (fields.size() > 2 && !is_part_field(fields[2])) return std::nullopt;
  if (fields.size() > 3 && !is_digits(fields[3], 1)) return std::nullopt;
  return Partner{.kind = Partner::Kind::organisation,
                 .value = std::string(value),
                 .icd = std::string(fields[0]),
                 .primary = std::string(fields[1]),
                 .part = std::string(fields.size() > 2 ? fields[2] : std::string_view{}),
                 .source = std::string(fields.size() > 3 ? fields[3] : std::string_view{})};
}

Partner whole_value(Partner::Kind kind, std::string_view value) {
  return {
      .kind = kind, .value = std::string(value), .icd = {}, .primary = std::string(value), .part = {}, .source = {}};
}

bool is_health_actor(std::string_view value) {
  constexpr std::string_view her_id = "her-id:";
  constexpr std::string_view regular_doctor_of = "fastlege-for:";
  if (value.starts_with(regular_doctor_of)) return is_digits(value.substr(regular_doctor_of.size()), 11);
  if (!value.starts_with(her_id)) return false;
  const auto number = value.substr(her_id.size());
  return number.size() <= most_her_id_digits && is_digits(number, number.size()) &&
         number.find_first_not_of('0') != std::string_view::npos;
}

/// Mod-11 check of `digits` against `weights`; the control digit itself has weight 1 and comes last.
template <std::size_t count>
bool mod_11_holds(std::string_view digits, const std::array<int, count>& weights) {
  return std::inner_product(weights.begin(), weights.end(), digits.begin(), 0, std::plus<>{},
                            [](int weight, char digit) { return weight * (digit - '0'); }) %
             11 ==
         0;
}

}  // namespace

Result<Partner> parse_partner(std::string_view authority, std::string_view value) {
  if (authority == nhn_authority) {
    if (is_health_actor(value)) return whole_value(Partner::Kind::health_actor, value);
    return reject("partner.value", "a health actor is written her-id:<number> or fastlege-for:<11 digits>");
  }
  if (authority != iso6523_authority) {
    return reject("partner.authority",
                  "the authority of a sender or receiver must be iso6523-actorid-upis or nhn-actorid");
  }
  if (auto partner = organisation(value)) return *std::move(partner);
  if (is_person_number(value)) return whole_value(Partner::Kind::person, value);
  if (is_uuid(value)) return whole_value(Partner::Kind::fiksio_account, value);
  if (value.starts_with(std::string(withdrawn_icd) + ":")) {
    return reject("partner.value", "the prefix 9908: is no longer valid; write 0192:<organisation number>");
  }
  return reject(
      "partner.value",
      "an identifier is 0192:<organisation number>, optionally with :<part>, or a person number of 11 digits with "
      "valid control digits, or the UUID of a FIKS IO account");
}

std::string iso6523(const Orgnr& orgnr) { return std::string(norwegian_icd) + ":" + orgnr.str(); }

bool is_orgnr(std::string_view text) { return is_digits(text, 9); }

bool is_person_number(std::string_view text) {
  constexpr std::array first{3, 7, 6, 1, 8, 9, 4, 5, 2, 1};
  constexpr std::array second{5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1};
  return is_digits(text, 11) && mod_11_holds(text, first) && mod_11_holds(text, second);
}

std::string without_icd(std::string_view text) {
  constexpr std::string_view prefix = "0192:";
  return std::string(text.starts_with(prefix) ? text.substr(prefix.size()) : text);
}

Result<std::string> on_behalf_of(std::string_view authority, std::string_view sender, const Orgnr& own) {
  auto partner = parse_partner(authority, sender);
  if (!partner) return failed(partner);
  const bool another_organisation = partner->kind == Partner::Kind::organisation && partner->icd == norwegian_icd &&
                                    partner->part.empty() && !own.empty() && partner->primary != own.str();
  if (!another_organisation) return std::move(partner->value);
  return iso6523(own) + ":" + partner->primary;
}

}  // namespace kanal::domain
