// Property of .properties files: what java.util.Properties.store would write is read back, blanks and all.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "ops/properties_reader.hpp"

namespace kanal::ops {
namespace {

/// As java.util.Properties.store escapes; in a key every blank, in a value only the first.
std::string escaped(const std::string& text, bool key) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case ' ':
        out += key || i == 0 ? "\\ " : " ";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\f':
        out += "\\f";
        break;
      case '=':
      case ':':
      case '#':
      case '!':
      case '\\':
        out += '\\';
        [[fallthrough]];
      default:
        out += text[i];
    }
  }
  return out;
}

rc::Gen<std::string> texts() {
  return rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab.-_[]0 \t\n\r\f=:#!\\\"'${}%")));
}

RC_GTEST_PROP(PropertiesProperty, WhatJavaStoresIsReadBack, ()) {
  const auto keys = *rc::gen::container<std::vector<std::string>>(rc::gen::nonEmpty(texts()));
  std::string file = "#a comment\n";
  std::vector<std::string> values;
  for (const auto& key : keys) {
    values.push_back(*texts());
    file += escaped(key, true) + *rc::gen::element<std::string>("=", " = ", ":", "\t") + escaped(values.back(), false) +
            *rc::gen::element<std::string>("\n", "\r\n", "\r", "\n\n", "\n  ! another\n");
  }
  const auto read = read_properties(file);
  RC_ASSERT(read.has_value());
  RC_ASSERT(read->entries.size() == keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    RC_ASSERT(read->entries[i].key == keys[i]);
    RC_ASSERT(read->entries[i].value == values[i]);
  }
}

}  // namespace
}  // namespace kanal::ops
