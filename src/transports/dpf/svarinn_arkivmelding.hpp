// The arkivmelding.xml of a forsendelse that SvarInn gave (dpf.md 8.4): valid against the schema of Noark 5, whatever
// was missing. Pure functions; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "transports/dpf/svarinn_list.hpp"

namespace kanal::transports::dpf {

/// A file as it is in the message; the first one is the main document.
struct ArchivedFile {
  std::string name;          ///< what it is called there
  std::string tittel;        ///< what KS calls it
  std::string dokumenttype;  ///< empty: not told
};

/// The same text for the same arguments: ids in it are derived from that of the forsendelse.
[[nodiscard]] std::string write_arkivmelding(const InnForsendelse& forsendelse, std::span<const ArchivedFile> files,
                                             Time now);

/// `key` as the name of an XML element: what may not stand in one becomes `_`.
[[nodiscard]] std::string element_name(std::string_view key);

}  // namespace kanal::transports::dpf
