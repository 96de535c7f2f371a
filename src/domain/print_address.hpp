// Addresses of a print message (messages.md 4.7): filled from the service record, then checked. Pure functions.
#pragma once

#include <optional>
#include <string>

#include <boost/json/object.hpp>

#include "base/result.hpp"

namespace kanal::domain {

/// Fills blank members of `mottaker` and `retur.mottaker` from the record's `postAddress` and `returnAddress`, and
/// `returhaandtering` when `retur` is absent. Only for a message that names a receiver.
void fill_print_addresses(boost::json::object& body, const boost::json::object& service_record);

/// Defaults that need no record: colour and class of post.
void fill_print_defaults(boost::json::object& body);

/// `submit.address`; the message ends with what the exception of the Java version names: `mottaker`, `retur`, or
/// `<either>.postnummer/poststed/adresselinje1` when members are missing.
Result<void> check_print_addresses(const boost::json::object& body);

}  // namespace kanal::domain
