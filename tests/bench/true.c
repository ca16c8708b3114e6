/* true: starts and ends, without a C library. What is around it is all that is measured. */
void _start(void) __attribute__((noreturn));

void _start(void)
{
	for (;;)
#if defined(__x86_64__)
		__asm__ volatile("syscall"
				 :
				 : "a"(231L /* exit_group */), "D"(0L)
				 : "rcx", "r11", "memory");
#elif defined(__aarch64__)
	{
		register long number __asm__("x8") = 94; /* exit_group */
		register long status __asm__("x0") = 0;

		__asm__ volatile("svc 0" : : "r"(number), "r"(status) : "memory");
	}
#else
#error "write the system call instruction of this architecture here"
#endif
}
