# Completion for yodel. Commands and options come from the program itself, so that they are never out of date.

_yodel() {
    local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]-}
    COMPREPLY=()
    if [ "$COMP_CWORD" = 1 ] || { [ "$COMP_CWORD" = 2 ] && [ "$command" = help ]; }; then
        mapfile -t COMPREPLY < <(compgen -W "$(yodel help 2>/dev/null | sed -n 's/^  \([a-z]*\)  .*/\1/p')" -- "$word")
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(yodel help "$command" 2>/dev/null | grep -oE '^ {2,6}(-[a-z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+')" -- "$word")
    elif [ "$command" = publish ]; then
        mapfile -t COMPREPLY < <(compgen -W "camera screen test" -- "$word"; compgen -f -- "$word")
    fi
}

complete -o default -F _yodel yodel
