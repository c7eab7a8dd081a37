#!/usr/bin/env bash
# Chat, streaming, files and usage with nothing but curl (7.76 or newer).
#
#     ./curl.sh
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
url=${THREADKEEPER_URL:-http://127.0.0.1:8010/api/v1}

# Calls a path; further arguments go to curl. The key is piped in, since other users of this machine
# can read command lines.
call() {
    local path=$1
    shift
    if [ -n "${THREADKEEPER_API_KEY:-}" ]; then
        curl -sS --fail-with-body -H @- "$@" "$url$path" \
            <<<"Authorization: Bearer $THREADKEEPER_API_KEY"
    else
        curl -sS --fail-with-body "$@" "$url$path"
    fi
}

# Posts JSON.
post() {
    call "$1" -H 'Content-Type: application/json' -d "$2" "${@:3}"
}

# Prints the first value of a key in the JSON on standard input; with jq you would use: jq -r .key
value_of() {
    grep -o "\"$1\": *\"[^\"]*\"" | sed -n '1s/.*"\([^"]*\)"$/\1/p'
}

echo '# A question and a follow-up'
answer=$(post /chat '{"message": "매장 입구 화면에 띄울 여름 할인 문구를 한 줄로 써 주세요."}')
echo "$answer"
thread_id=$(value_of thread_id <<<"$answer")
post /chat '{"message": "제가 방금 뭐라고 했죠?", "thread_id": "'"$thread_id"'"}'
echo

echo '# An answer while it is written (-N: no buffering)'
post /chat '{"message": "가을 신상품을 소개해 주세요.", "stream": true}' -N

echo '# A search in a document'
file_id=$(call /files -F purpose=assistants -F "file=@$here/shop-guide.md" | value_of id)
store_id=$(post /vector_stores '{"name": "매장 안내", "file_ids": ["'"$file_id"'"]}' | value_of id)
for _ in {1..100}; do
    store=$(call "/vector_stores/$store_id")
    [ "$(value_of status <<<"$store")" = in_progress ] || break
    sleep 0.2
done
post "/vector_stores/$store_id/search" '{"query": "영수증 환불", "max_num_results": 1}'
echo
call "/vector_stores/$store_id" -X DELETE
echo
call "/files/$file_id" -X DELETE
echo

echo '# The tokens used, by day, assistant and model'
call /usage
echo
