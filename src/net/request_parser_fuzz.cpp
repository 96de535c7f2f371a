// The same bytes give the same request and body whether they arrive at once or in small pieces, and never more body
// than input.
#include "net/request_parser.hpp"

#include <algorithm>
#include <cstdlib>

using namespace kanal;
using State = net::RequestParser::State;

namespace {

struct Outcome {
  State state = State::head;
  std::string body;
};

Outcome read(ByteView input, std::size_t piece) {
  net::RequestParser parser(512);
  Outcome outcome;
  std::size_t begin = 0;
  std::size_t end = 0;
  while (parser.state() < State::done) {
    const std::size_t used =
        parser.feed(input.subspan(begin, end - begin), [&](ByteView part) { outcome.body += text_of(part); });
    begin += used;
    if (begin > end) std::abort();
    if (used > 0 && parser.state() < State::done) continue;
    if (end == input.size()) break;
    end += std::min(piece, input.size() - end);
  }
  outcome.state = parser.state();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView input(reinterpret_cast<const std::byte*>(data), size);
  const Outcome whole = read(input, size);
  if (whole.body.size() > size) std::abort();
  if (whole.state != State::done) return 0;  // how soon a bad request is refused may depend on the pieces
  for (const std::size_t piece : {std::size_t{1}, std::size_t{3}}) {
    const Outcome again = read(input, piece);
    if (again.state != whole.state || again.body != whole.body) std::abort();
  }
  return 0;
}
