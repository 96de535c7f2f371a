// formats/arkivmelding behind the flow's port.
#pragma once

#include "formats/arkivmelding.hpp"
#include "formats/xml.hpp"
#include "ports/documents.hpp"

namespace kanal::app {

class ArkivmeldingAdapter final : public ports::ArkivmeldingReader {
 public:
  Result<ports::ArkivmeldingFacts> read(Source& xml) override {
    auto text = read_all(xml, formats::max_xml_bytes);
    if (!text) return reject("xml.too_large", "arkivmelding.xml: " + text.error().message);
    auto arkivmelding = formats::read_arkivmelding(*text);
    if (!arkivmelding) return failed(arkivmelding);
    return ports::ArkivmeldingFacts{std::move(arkivmelding->offentlig_tittel),
                                    std::move(arkivmelding->message_reference),
                                    std::move(arkivmelding->referenced_files)};
  }
};

}  // namespace kanal::app
